/** The upright axis of a chart. */

/** The least round number that is not below `most`: 1, 2 or 5 and zeros, so that its halves are readable. */
export function roundUp(most: number): number {
  if (most <= 1) return most <= 0 ? 1 : roundSmall(most);
  const power = 10 ** Math.floor(Math.log10(most));
  const step = [1, 2, 4, 5, 10].find((one) => one * power >= most) ?? 10;
  return step * power;
}

function roundSmall(most: number): number {
  const power = 10 ** Math.floor(Math.log10(most));
  // Tenths are not exact: 0.1 + 0.2.
  const step = [1, 2, 5, 10].find((one) => one * power >= most * (1 - 1e-9)) ?? 10;
  return Number((step * power).toPrecision(1));
}

/** Which of `count` marks get a label, so that about `room` of them do: their indexes. */
export function labelled(count: number, room: number): number[] {
  if (count === 0) return [];
  const step = Math.max(1, Math.ceil(count / room));
  return Array.from({ length: Math.ceil(count / step) }, (_, index) => index * step);
}
