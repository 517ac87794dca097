/** The list of ranges, and which of them is being set. */

import { useState } from "react";
import { begun, type Film, type Range, withIn, withOut } from "./ranges";

export function useRanges(film: Film) {
  const [ranges, setRanges] = useState<readonly Range[]>([]);
  const [selectedId, select] = useState<number>();
  const selected = ranges.find(({ id }) => id === selectedId);

  function add(seconds: number): void {
    const range = begun(ranges, seconds, film);
    setRanges([...ranges, range]);
    select(range.id);
  }

  function change(change: (range: Range) => Range, id = selected?.id): void {
    setRanges((known) => known.map((range) => (range.id === id ? change(range) : range)));
  }

  return {
    ranges,
    selected,
    select,
    add,
    /** Without a range a new one begins there. */
    setIn(seconds: number, id?: number): void {
      if (id === undefined && selected === undefined) add(seconds);
      else change((range) => withIn(range, seconds, film), id);
    },
    /** Without a range a new one ends there. */
    setOut(seconds: number, id?: number): void {
      if (id !== undefined || selected !== undefined) {
        change((range) => withOut(range, seconds, film), id);
        return;
      }
      const range = withOut(begun(ranges, 0, film), seconds, film);
      setRanges([...ranges, range]);
      select(range.id);
    },
    /** What puts it back. */
    remove(id: number): () => void {
      const before = ranges;
      setRanges(ranges.filter((range) => range.id !== id));
      return () => setRanges(before);
    },
  };
}
