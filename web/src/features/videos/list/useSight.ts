/** Which rows of a long list are drawn: those in sight and a few around them. A thousand would hold the page up. */
import { type RefObject, useEffect, useEffectEvent, useLayoutEffect, useState } from "react";

/** What one row takes: so many items, and so many pixels with the gap below it. */
export type Rows = { columns: number; height: number };
/** Items from `first` to before `last` are drawn; the others take `above` and `below` pixels. */
export type Sight = { first: number; last: number; above: number; below: number };

/** So many rows beyond each edge of the window: a turn of the wheel shows none that is empty. */
const AROUND = 4;
/** Before anything is measured. */
const FIRST = 24;

/** Of `count` items in rows of one height, which are in sight; `box` holds them and `measure` looks at it. */
export function useSight(
  count: number,
  box: RefObject<HTMLElement | null>,
  measure: (box: HTMLElement) => Rows,
): Sight {
  const [rows, setRows] = useState<Rows & { from: number; to: number }>();
  const look = useEffectEvent(() => {
    if (box.current === null) return;
    const { columns, height } = measure(box.current);
    // None is drawn, because there are fewer now: begin anew.
    if (height === 0) return setRows(undefined);
    const top = -box.current.getBoundingClientRect().top;
    const all = Math.ceil(count / columns);
    const from = within(Math.floor(top / height) - AROUND, all - 1);
    const to = within(Math.max(Math.ceil((top + window.innerHeight) / height) + AROUND, from + 1), all);
    setRows((known) => {
      const same = known?.columns === columns && known.height === height;
      return same && known.from === from && known.to === to ? known : { columns, height, from, to };
    });
  });

  // Before it is painted, and again once what was drawn unmeasured can be measured.
  // biome-ignore lint/correctness/useExhaustiveDependencies: more items, other rows
  useLayoutEffect(() => look(), [count, rows === undefined]);
  useEffect(() => {
    const again = () => look();
    const size = new ResizeObserver(again);
    if (box.current !== null) size.observe(box.current);
    window.addEventListener("scroll", again, { passive: true });
    window.addEventListener("resize", again);
    return () => {
      size.disconnect();
      window.removeEventListener("scroll", again);
      window.removeEventListener("resize", again);
    };
  }, [box]);

  if (rows === undefined) return { first: 0, last: Math.min(FIRST, count), above: 0, below: 0 };
  const { columns, height, from, to } = rows;
  return {
    first: Math.min(from * columns, count),
    last: Math.min(to * columns, count),
    above: from * height,
    below: Math.max(Math.ceil(count / columns) - to, 0) * height,
  };
}

function within(row: number, most: number): number {
  return Math.max(Math.min(row, most), 0);
}
