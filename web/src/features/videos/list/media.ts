/** What lists say of a film's content; `media` is what `framemill info --json` says, or null. */
import type { VideoView } from "@/shared/api";
import { duration } from "@/shared/format";

type Media = { duration_us?: number; video?: { width: number; height: number; is_cover?: boolean }[] };

/** `1:02:03`, or nothing where it is not known yet. */
export function lengthOf({ media }: VideoView): string {
  const us = (media as Media | null)?.duration_us;
  return us === undefined ? "" : duration(us / 1000);
}

/** `1920×1080`, or `Sound` where there is no picture. */
export function sizeOf({ media }: VideoView): string {
  const streams = (media as Media | null)?.video;
  if (streams === undefined) return "";
  const film = streams.find(({ is_cover }) => !is_cover);
  return film === undefined ? "Sound" : `${film.width}×${film.height}`;
}
