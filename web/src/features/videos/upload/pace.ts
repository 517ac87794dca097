/** How fast bytes go, over the last few seconds. */

const WINDOW_MS = 5000;

export class Pace {
  #marks: { at: number; sent: number }[] = [];

  /** Bytes per second, now that `sent` have gone in all. */
  mark(sent: number, at: number = performance.now()): number {
    const last = this.#marks.at(-1);
    // What is sent again counts backwards: begin anew.
    if (last !== undefined && sent < last.sent) this.#marks = [];
    this.#marks.push({ at, sent });
    while (this.#marks.length > 2 && (this.#marks[0]?.at ?? at) < at - WINDOW_MS) this.#marks.shift();
    const first = this.#marks[0];
    if (first === undefined || at - first.at < 250) return 0;
    return ((sent - first.sent) * 1000) / (at - first.at);
  }
}
