/** Keeps a second film where the first one is. */

import { useEffect } from "react";

/** Further apart than this is seen; less is left to the clocks. */
const APART_S = 0.08;

export function useSync(leader: HTMLVideoElement | null, follower: HTMLVideoElement | null): void {
  useEffect(() => {
    if (leader === null || follower === null) return;
    const follow = () => {
      if (Math.abs(leader.currentTime - follower.currentTime) > APART_S)
        follower.currentTime = leader.currentTime;
      follower.playbackRate = leader.playbackRate;
      if (leader.paused && !follower.paused) follower.pause();
      if (!leader.paused && follower.paused) follower.play().catch(() => undefined);
    };
    const events = ["play", "playing", "pause", "seeked", "timeupdate", "ratechange"];
    for (const name of events) leader.addEventListener(name, follow);
    follower.addEventListener("loadedmetadata", follow);
    return () => {
      for (const name of events) leader.removeEventListener(name, follow);
      follower.removeEventListener("loadedmetadata", follow);
    };
  }, [leader, follower]);
}
