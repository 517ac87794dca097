/** What the deletion of a video is known by while it goes on. */
export const deletionOf = (videoId: string) => ["deletion", videoId];
