import { type KeyboardEvent, type PointerEvent, useState } from "react";
import { duration as clock } from "@/shared/format";
import classes from "./Player.module.css";
import { type Storyboard, thumbAt } from "./storyboard";
import type { Playback } from "./usePlayback";

type Props = { playback: Playback; storyboard: Storyboard | undefined; onSeek: (seconds: number) => void };

const KEYS: Record<string, number> = {
  ArrowLeft: -5,
  ArrowDown: -5,
  ArrowRight: 5,
  ArrowUp: 5,
  PageDown: -30,
  PageUp: 30,
};

/** Where the film is, and the way to anywhere else in it, with a picture of what is there. */
export function ScrubBar({ playback, storyboard, onSeek }: Props) {
  const { time, duration, bufferedTo } = playback;
  const [hover, setHover] = useState<number | null>(null);
  const share = (seconds: number) => `${duration > 0 ? Math.min(100, (seconds / duration) * 100) : 0}%`;

  function at({ currentTarget, clientX }: PointerEvent): number {
    const { left, width } = currentTarget.getBoundingClientRect();
    return Math.max(0, Math.min(1, (clientX - left) / width)) * duration;
  }

  function onKeyDown(event: KeyboardEvent) {
    const by = KEYS[event.key];
    const to =
      event.key === "Home" ? 0 : event.key === "End" ? duration : by === undefined ? null : time + by;
    if (to === null) return;
    event.preventDefault();
    onSeek(to);
  }

  return (
    <div
      className={classes.scrub}
      role="slider"
      tabIndex={0}
      aria-label="Position"
      aria-valuemin={0}
      aria-valuemax={Math.round(duration)}
      aria-valuenow={Math.round(time)}
      aria-valuetext={`${clock(time * 1000)} of ${clock(duration * 1000)}`}
      onKeyDown={onKeyDown}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        onSeek(at(event));
      }}
      onPointerMove={(event) => {
        const seconds = at(event);
        setHover(seconds);
        if (event.currentTarget.hasPointerCapture(event.pointerId)) onSeek(seconds);
      }}
      onPointerLeave={() => setHover(null)}
    >
      <div className={classes.track}>
        <div className={classes.buffered} style={{ width: share(bufferedTo) }} />
        <div className={classes.played} style={{ width: share(time) }} />
      </div>
      <div className={classes.knob} style={{ left: share(time) }} />
      {hover !== null && duration > 0 && (
        <Glimpse seconds={hover} left={share(hover)} storyboard={storyboard} />
      )}
    </div>
  );
}

function Glimpse({
  seconds,
  left,
  storyboard,
}: {
  seconds: number;
  left: string;
  storyboard: Storyboard | undefined;
}) {
  const thumb = storyboard && thumbAt(storyboard.thumbs, seconds);
  const sheet = thumb && storyboard.sheets[thumb.sheet];
  const half = (thumb?.width ?? 60) / 2;
  return (
    <div className={classes.glimpse} style={{ left: `clamp(${half}px, ${left}, calc(100% - ${half}px))` }}>
      {thumb !== undefined && sheet !== undefined && (
        <div
          className={classes.thumb}
          style={{
            width: thumb.width,
            height: thumb.height,
            backgroundImage: `url("${sheet}")`,
            backgroundPosition: `-${thumb.x}px -${thumb.y}px`,
          }}
        />
      )}
      <span>{clock(seconds * 1000)}</span>
    </div>
  );
}
