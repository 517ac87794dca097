/** The ranges that are to be cut out. Times are seconds in the source, on its pictures' beginnings. */

export type Range = { id: number; from: number; to: number };

export type Film = { durationS: number; rate: number };

const NEW_S = 5;

/** The beginning of the picture that is shown then. */
export function snapped(seconds: number, { durationS, rate }: Film): number {
  return clamp(Math.floor(seconds * rate + 0.01) / rate, 0, durationS);
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}

/** A new range from this moment on. */
export function begun(ranges: readonly Range[], seconds: number, film: Film): Range {
  const id = Math.max(0, ...ranges.map((range) => range.id)) + 1;
  const from = snapped(Math.min(seconds, film.durationS - 1 / film.rate), film);
  return { id, from, to: Math.min(from + NEW_S, film.durationS) };
}

/** Begins there; an end before that goes along, as far as the film goes. */
export function withIn(range: Range, seconds: number, film: Film): Range {
  const from = snapped(Math.min(seconds, film.durationS - 1 / film.rate), film);
  if (from < range.to) return { ...range, from };
  return { ...range, from, to: Math.min(from + (range.to - range.from), film.durationS) };
}

/** Ends there; a beginning behind that goes along. */
export function withOut(range: Range, seconds: number, film: Film): Range {
  const to = Math.max(snapped(seconds, film), 1 / film.rate);
  if (to > range.from) return { ...range, to };
  return { ...range, from: Math.max(0, snapped(to - (range.to - range.from), film)), to };
}

/** As the operation takes them: `3.208333s-9s`. */
export function asked(ranges: readonly Range[]): string[] {
  return ranges.map(({ from, to }) => `${exactly(from)}s-${exactly(to)}s`);
}

function exactly(seconds: number): string {
  return String(Math.round(seconds * 1e6) / 1e6);
}
