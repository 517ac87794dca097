/** Rules of how long things are kept, as a form has them: an empty field is no rule. */

/** Kinds of what is made from a video, as rules name them. */
export const KINDS = [
  "rendition",
  "stream",
  "proxy",
  "clip",
  "audio",
  "preview",
  "thumbnail",
  "storyboard",
  "subtitles",
  "report",
] as const;

type Days = number | "";
export type Rules = {
  keep_newest: Days;
  videos_days: Days;
  originals_days: Days;
  artifacts_days: ReadonlyArray<{ kind: string; days: Days }>;
};
type Stored = Record<string, unknown> | null;

export function rulesOf(stored: Stored): Rules {
  const made = stored?.artifacts_days;
  return {
    keep_newest: days(stored?.keep_newest),
    videos_days: days(stored?.videos_days),
    originals_days: days(stored?.originals_days),
    artifacts_days: Object.entries(typeof made === "object" && made !== null ? made : {}).map(
      ([kind, value]) => ({ kind, days: days(value) }),
    ),
  };
}

/** As the API takes them; null where there is no rule at all. */
export function storedOf(rules: Rules): Stored {
  const made = rules.artifacts_days.filter((one) => one.days !== "");
  const stored: Record<string, unknown> = {};
  for (const name of ["keep_newest", "videos_days", "originals_days"] as const) {
    if (rules[name] !== "") stored[name] = rules[name];
  }
  if (made.length > 0) stored.artifacts_days = Object.fromEntries(made.map((one) => [one.kind, one.days]));
  return Object.keys(stored).length === 0 ? null : stored;
}

/** The rules in a sentence. */
export function sentenceOf(stored: Stored): string {
  const rules = rulesOf(stored);
  const parts = [
    rules.keep_newest === "" ? "" : `the newest ${rules.keep_newest} videos of each collection`,
    rules.videos_days === "" ? "" : `videos for ${rules.videos_days} days`,
    rules.originals_days === "" ? "" : `originals for ${rules.originals_days} days`,
    ...rules.artifacts_days.map((one) => (one.days === "" ? "" : `each ${one.kind} for ${one.days} days`)),
  ].filter((part) => part !== "");
  return parts.length === 0 ? "Everything is kept." : `Keeps ${parts.join(", ")}.`;
}

function days(value: unknown): Days {
  return typeof value === "number" ? value : "";
}
