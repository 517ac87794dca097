/** Figures for people, in their own language and time zone. */

const LOCALE = typeof navigator === "undefined" ? "en" : navigator.language;
const UNITS = ["bytes", "kB", "MB", "GB", "TB", "PB"];
// Kept: making one takes longer than all that it formats in a card.
const MOMENT = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeStyle: "short" });
const DAY = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium" });
const AGO = new Intl.RelativeTimeFormat(LOCALE, { numeric: "auto" });
const STEPS: [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];

/** `18.4 MB`: decimal, as disks and networks are sold. */
export function bytes(count: number): string {
  let value = count;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${number(value, digits)} ${UNITS[unit]}`;
}

/** `18.4 MB/s`. */
export function byteRate(perSecond: number): string {
  return `${bytes(perSecond)}/s`;
}

/** `4.2 Mbit/s`. */
export function bitRate(bitsPerSecond: number): string {
  if (bitsPerSecond >= 999_500)
    return `${number(bitsPerSecond / 1e6, bitsPerSecond < 99.95e6 ? 1 : 0)} Mbit/s`;
  return `${number(bitsPerSecond / 1000, 0)} kbit/s`;
}

/** `1:02:03`, of a medium; with `ms` also `1:02:03.450`. */
export function duration(milliseconds: number, { ms = false } = {}): string {
  const whole = ms ? Math.round(milliseconds) : Math.round(milliseconds / 1000) * 1000;
  const hours = Math.floor(whole / 3_600_000);
  const minutes = Math.floor(whole / 60_000) % 60;
  const seconds = Math.floor(whole / 1000) % 60;
  const two = (value: number) => String(value).padStart(2, "0");
  const head = hours > 0 ? `${hours}:${two(minutes)}` : String(minutes);
  return `${head}:${two(seconds)}${ms ? `.${String(whole % 1000).padStart(3, "0")}` : ""}`;
}

/** `2 h 5 min`, `40 s`: how long something takes. */
export function span(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  return `${Math.round(hours / 24)} days`;
}

/** `1 job`, `3 jobs`. */
export function counted(count: number, one: string): string {
  return `${number(count)} ${count === 1 ? one : `${one}s`}`;
}

/** `1.8×` real time. */
export function speed(times: number): string {
  return `${number(times, times < 10 ? 1 : 0)}×`;
}

/** `42 %`. */
export function percent(value: number): string {
  return `${Math.floor(value)} %`;
}

/** `30000/1001` becomes `29.97`. */
export function frameRate(fraction: string): string {
  const [above = "0", below = "1"] = fraction.split("/");
  return number(Number(above) / Number(below || 1), 3);
}

/** A number with at most so many digits behind the point. */
export function number(value: number, digits = 0): string {
  return new Intl.NumberFormat(LOCALE, { maximumFractionDigits: digits }).format(value);
}

/** `22 Nov 2026, 13:05` in the viewer's zone. */
export function moment(iso: string): string {
  return MOMENT.format(new Date(iso));
}

/** `22 Nov 2026`. */
export function day(iso: string): string {
  return DAY.format(new Date(iso));
}

/** `5 minutes ago`. */
export function ago(iso: string, now: number = Date.now()): string {
  const seconds = (Date.parse(iso) - now) / 1000;
  for (const [unit, size] of STEPS) {
    if (Math.abs(seconds) >= size) return AGO.format(Math.round(seconds / size), unit);
  }
  return AGO.format(Math.round(seconds), "second");
}
