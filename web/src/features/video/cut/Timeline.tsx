import { useEffect, useRef } from "react";
import { duration as clock } from "@/shared/format";
import type { Storyboard } from "../player/storyboard";
import { Handle } from "./Handle";
import type { Boundary } from "./plan";
import type { Film, Range } from "./ranges";
import { Strip } from "./Strip";
import classes from "./Timeline.module.css";

type Props = {
  film: Film;
  time: number;
  zoom: number;
  ranges: readonly Range[];
  selected: number | undefined;
  keyframes: readonly number[];
  /** What a fast cut would bring along, where it differs. */
  moved: readonly Boundary[];
  storyboard: Storyboard | undefined;
  onSeek: (seconds: number) => void;
  onSelect: (id: number) => void;
  onIn: (id: number, seconds: number) => void;
  onOut: (id: number, seconds: number) => void;
};

const STEPS_S = [0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600];

/** The film from left to right, with its keyframes and what is to be cut out of it. */
export function Timeline(props: Props) {
  const { film, time, zoom, ranges, selected, keyframes, moved, storyboard, onSeek } = props;
  const inner = useRef<HTMLDivElement>(null);
  const left = (seconds: number) => `${(seconds / film.durationS) * 100}%`;
  const step = STEPS_S.find((one) => film.durationS / one <= 10 * zoom) ?? film.durationS;

  useEffect(() => {
    const scroller = inner.current?.parentElement;
    if (!scroller) return;
    const place = (time / film.durationS) * scroller.scrollWidth;
    const away = place < scroller.scrollLeft || place > scroller.scrollLeft + scroller.clientWidth;
    if (away) scroller.scrollLeft = place - scroller.clientWidth / 2;
  }, [time, film.durationS]);

  function at(clientX: number): number {
    const box = inner.current?.getBoundingClientRect();
    if (box === undefined) return 0;
    return Math.max(0, Math.min(1, (clientX - box.left) / box.width)) * film.durationS;
  }

  const handle = (range: Range, end: "from" | "to") => (
    <Handle
      key={`${range.id} ${end}`}
      label={`Range ${ranges.indexOf(range) + 1}: ${end === "from" ? "in" : "out"}`}
      seconds={range[end]}
      left={left(range[end])}
      selected={range.id === selected}
      film={film}
      at={at}
      onHold={() => props.onSelect(range.id)}
      onMove={(seconds) => {
        if (end === "from") props.onIn(range.id, seconds);
        else props.onOut(range.id, seconds);
        onSeek(end === "from" ? seconds : seconds - 1 / film.rate);
      }}
    />
  );

  return (
    <div className={classes.scroller}>
      <div
        ref={inner}
        className={classes.inner}
        style={{ width: `${zoom * 100}%` }}
        onPointerDown={(event) => {
          // A handle's press is its own.
          if (!isHandle(event.target)) onSeek(at(event.clientX));
        }}
      >
        <Strip durationS={film.durationS} cells={Math.round(8 * zoom)} storyboard={storyboard} />
        {Array.from({ length: Math.floor(film.durationS / step) + 1 }, (_, index) => index * step).map(
          (tick) => (
            <span key={tick} className={classes.tick} style={{ left: left(tick) }}>
              {clock(tick * 1000, { ms: step < 1 })}
            </span>
          ),
        )}
        <svg className={classes.marks} viewBox="0 0 1 1" preserveAspectRatio="none" role="img">
          <title>{`${keyframes.length} keyframes`}</title>
          <path
            d={keyframes.map((key) => `M${key / film.durationS} 0V1`).join("")}
            stroke="currentColor"
            strokeWidth={1.5}
            vectorEffect="non-scaling-stroke"
          />
        </svg>
        {moved.map(({ copied: [from, to] }) => (
          <div
            key={`${from} ${to}`}
            className={classes.ghost}
            style={{ left: left(from), width: left(to - from) }}
          />
        ))}
        {ranges.map((range) => (
          <div
            key={range.id}
            className={`${classes.range} ${range.id === selected ? classes.selected : ""}`}
            style={{ left: left(range.from), width: left(range.to - range.from) }}
          />
        ))}
        <div className={classes.head} style={{ left: left(time) }} />
        {ranges.flatMap((range) => [handle(range, "from"), handle(range, "to")])}
      </div>
    </div>
  );
}

function isHandle(target: EventTarget): boolean {
  return target instanceof Element && target.role === "slider";
}
