/** The picture that stands where the film will be. */

import { useQuery } from "@tanstack/react-query";
import type { VideoDetailView } from "@/shared/api";
import { posterOf } from "./forms";
import { addressOfArtifact } from "./player/storyboard";

export function usePoster(video: VideoDetailView): string | undefined {
  const picture = posterOf(video);
  return useQuery({
    queryKey: ["poster", picture?.id],
    enabled: picture !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: () => addressOfArtifact(video.id, picture?.id ?? ""),
  }).data;
}
