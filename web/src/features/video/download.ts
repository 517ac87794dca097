/** Saving what is stored: a signed address, opened as a browser opens a link. */

import { fromHere, videosStreamUrl } from "@/shared/api";
import { toast } from "@/shared/ui";

/** `artifact`: its id; without one the original. */
export async function download(videoId: string, artifact?: string): Promise<void> {
  try {
    const { data } = await videosStreamUrl({
      path: { video_id: videoId },
      query: artifact === undefined ? { form: "original", download: true } : { artifact, download: true },
      throwOnError: true,
    });
    const link = document.createElement("a");
    link.href = fromHere(data.url);
    link.download = "";
    link.click();
  } catch (error) {
    toast.problem(error);
  }
}
