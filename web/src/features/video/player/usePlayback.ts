/** How a film element is doing, as state; and what can be done with it. */

import { useEffect, useState } from "react";

export type Playback = {
  time: number;
  duration: number;
  paused: boolean;
  waiting: boolean;
  volume: number;
  muted: boolean;
  rate: number;
  bufferedTo: number;
  ended: boolean;
};

const STILL: Playback = {
  time: 0,
  duration: 0,
  paused: true,
  waiting: false,
  volume: 1,
  muted: false,
  rate: 1,
  bufferedTo: 0,
  ended: false,
};

const EVENTS = [
  ..."play pause ended timeupdate seeking seeked durationchange loadedmetadata volumechange".split(" "),
  ..."ratechange progress waiting playing canplay emptied".split(" "),
];

export function usePlayback(film: HTMLVideoElement | null): Playback {
  const [state, setState] = useState(STILL);
  useEffect(() => {
    if (film === null) return;
    const look = () => setState(stateOf(film));
    look();
    for (const name of EVENTS) film.addEventListener(name, look);
    return () => {
      for (const name of EVENTS) film.removeEventListener(name, look);
    };
  }, [film]);
  return state;
}

function stateOf(film: HTMLVideoElement): Playback {
  return {
    time: film.currentTime,
    duration: Number.isFinite(film.duration) ? film.duration : 0,
    paused: film.paused,
    waiting: film.seeking || (!film.paused && film.readyState < HTMLMediaElement.HAVE_FUTURE_DATA),
    volume: film.volume,
    muted: film.muted,
    rate: film.playbackRate,
    bufferedTo: bufferedTo(film),
    ended: film.ended,
  };
}

function bufferedTo({ buffered, currentTime }: HTMLVideoElement): number {
  for (let index = 0; index < buffered.length; index += 1) {
    if (buffered.start(index) <= currentTime + 0.1 && currentTime <= buffered.end(index))
      return buffered.end(index);
  }
  return currentTime;
}

/** Plays or pauses. A browser may refuse to play; that is told by the element. */
export function toggle(film: HTMLVideoElement): void {
  if (film.paused) film.play().catch(() => undefined);
  else film.pause();
}

export function seekTo(film: HTMLVideoElement, seconds: number): void {
  const end = Number.isFinite(film.duration) ? film.duration : seconds;
  film.currentTime = Math.max(0, Math.min(end, seconds));
}

/** So many pictures on or back; into the middle of it, so that no rounding shows its neighbour. */
export function stepFrames(film: HTMLVideoElement, count: number, rate: number): void {
  film.pause();
  const here = Math.floor(film.currentTime * rate + 0.01);
  seekTo(film, (here + count + 0.5) / rate);
}
