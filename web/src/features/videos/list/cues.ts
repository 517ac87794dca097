/** The index of a storyboard: when which rectangle of which sheet is shown. */

export type Cue = { startMs: number; sheet: string; x: number; y: number; width: number; height: number };

const TIME = /(?:(\d+):)?(\d{2}):(\d{2})\.(\d{3}) -->/;
const PLACE = /^(.+)#xywh=(\d+),(\d+),(\d+),(\d+)$/;

/** The cues of a WebVTT text, in order; what is none of ours is left out. */
export function cuesOf(vtt: string): Cue[] {
  const cues: Cue[] = [];
  let startMs: number | undefined;
  for (const line of vtt.split(/\r?\n/)) {
    const time = TIME.exec(line);
    if (time !== null) {
      const [, hours = "0", minutes, seconds, ms] = time;
      startMs = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000 + Number(ms);
      continue;
    }
    const place = PLACE.exec(line.trim());
    if (place === null || startMs === undefined) continue;
    const [, sheet = "", ...numbers] = place;
    const [x = 0, y = 0, width = 0, height = 0] = numbers.map(Number);
    if (width > 0 && height > 0) cues.push({ startMs, sheet, x, y, width, height });
    startMs = undefined;
  }
  return cues;
}
