/** Keeps a second film where the first one is. */

import { useEffect } from "react";

/** Further apart than this the follower jumps; nearer it runs a little faster or slower until it is there. */
const APART_S = 0.4;
const STILL_APART_S = 0.005;

export function useSync(leader: HTMLVideoElement | null, follower: HTMLVideoElement | null): void {
  useEffect(() => {
    if (leader === null || follower === null) return;
    const follow = () => {
      const behind = leader.currentTime - follower.currentTime;
      if (Math.abs(behind) > (leader.paused ? STILL_APART_S : APART_S) && !follower.seeking)
        follower.currentTime = leader.currentTime;
      follower.playbackRate = leader.playbackRate * (leader.paused ? 1 : 1 + behind);
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
