import type { KeyboardEvent, PointerEvent } from "react";
import { duration as clock } from "@/shared/format";
import type { Film } from "./ranges";
import classes from "./Timeline.module.css";

type Props = {
  label: string;
  seconds: number;
  left: string;
  selected: boolean;
  film: Film;
  at: (clientX: number) => number;
  onHold: () => void;
  onMove: (seconds: number) => void;
};

/** One end of a range: moved with the pointer, or by pictures and seconds with the arrow keys. */
export function Handle({ label, seconds, left, selected, film, at, onHold, onMove }: Props) {
  function onKeyDown(event: KeyboardEvent) {
    const by = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    onMove(seconds + (event.shiftKey ? by : by / film.rate) + 0.001);
  }
  return (
    <div
      className={`${classes.handle} ${selected ? classes.selected : ""}`}
      style={{ left }}
      role="slider"
      tabIndex={0}
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={film.durationS}
      aria-valuenow={seconds}
      aria-valuetext={clock(seconds * 1000, { ms: true })}
      onFocus={onHold}
      onKeyDown={onKeyDown}
      onPointerDown={(event: PointerEvent) => event.currentTarget.setPointerCapture(event.pointerId)}
      onPointerMove={(event: PointerEvent) => {
        if (event.currentTarget.hasPointerCapture(event.pointerId)) onMove(at(event.clientX));
      }}
    />
  );
}
