/** Playing a range: from its beginning, and no further than its end. */

import { seekTo } from "../player/usePlayback";
import type { Range } from "./ranges";

let stop: (() => void) | undefined;

export function playRange(film: HTMLVideoElement, { from, to }: Range): void {
  stop?.();
  const look = () => {
    // Whoever goes elsewhere no longer watches the range.
    if (film.currentTime < to && film.currentTime >= from - 0.5) return;
    if (film.currentTime >= to && film.currentTime < to + 1) film.pause();
    stop?.();
  };
  stop = () => film.removeEventListener("timeupdate", look);
  seekTo(film, from + 0.001);
  film.addEventListener("timeupdate", look);
  film.play().catch(() => undefined);
}
