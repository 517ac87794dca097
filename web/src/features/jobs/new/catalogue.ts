/** Where each operation stands in the list that people choose from. */

const GROUPS: ReadonlyArray<readonly [string, readonly string[]]> = [
  ["Cut and join", ["trim", "cut", "concat", "speed"]],
  ["Picture", ["transcode", "compress", "convert", "filter", "proxy"]],
  ["Sound", ["extract_audio", "remove_audio", "replace_audio", "normalize_audio"]],
  ["Stills and previews", ["thumbnails", "gif", "preview", "storyboard"]],
  ["Text", ["subtitles"]],
  ["Streaming", ["ladder", "package", "index"]],
  ["Look and measure", ["probe", "scenes", "quality"]],
];
/** They read what another operation made, so they stand in pipelines only. */
const NEEDS_ANOTHER = new Set(["package", "index"]);

export type Entry = { is: "operation" | "pipeline"; name: string; summary: string };
export type Shelf = { title: string; entries: Entry[] };

type Summary = { name: string; summary: string };

/** Pipelines first, then operations by what they are about; those of no known group come last. */
export function catalogue(operations: Summary[], pipelines: Summary[], wanted: string): Shelf[] {
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = ({ name, summary }: Summary) => {
    const text = `${name} ${name.replaceAll("_", " ")} ${summary}`.toLowerCase();
    return words.every((word) => text.includes(word));
  };
  const known = new Map(operations.map((one) => [one.name, one]));
  const grouped = new Set(GROUPS.flatMap(([, names]) => names));
  const operationsOf = (names: readonly string[]) =>
    names
      .filter((name) => !NEEDS_ANOTHER.has(name))
      .flatMap((name) => known.get(name) ?? [])
      .filter(fits)
      .map((one): Entry => ({ is: "operation", ...one }));
  const rest = operations.map(({ name }) => name).filter((name) => !grouped.has(name));
  return [
    { title: "Pipelines", entries: pipelines.filter(fits).map((one): Entry => ({ is: "pipeline", ...one })) },
    ...GROUPS.map(([title, names]) => ({ title, entries: operationsOf(names) })),
    { title: "More", entries: operationsOf(rest) },
  ].filter(({ entries }) => entries.length > 0);
}
