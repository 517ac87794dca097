/** A job on its way to being asked for: what the page holds, and what is sent. */
import type { JobRequest } from "@/shared/api";
import type { Values } from "../form/schema";
import { said } from "../form/values";

export type Work = { is: "operation" | "pipeline"; name: string };

export type Draft = {
  /** Ids of stored videos. Where they are joined, the order counts; else each gets its own job. */
  videos: string[];
  /** Further inputs, by the names that the spec calls them. */
  sides: Record<string, string>;
  work: Work | undefined;
  /** Of an operation its fields; of a pipeline those of each step, by the step's name. */
  values: Values;
  priority: number;
  reuse: boolean;
};

export const NORMAL = 5;

/** Operations that make one of several videos. */
export function joins(work: Work | undefined): boolean {
  return work?.is === "operation" && work.name === "concat";
}

/** What `POST /jobs` takes; undefined while something is missing. */
export function requestOf(draft: Draft, video = draft.videos[0]): JobRequest | undefined {
  const { work, videos } = draft;
  if (work === undefined || video === undefined) return undefined;
  const joined = joins(work) ? videos : [video];
  const further = Object.fromEntries(joined.slice(1).map((id, place) => [`input${place + 2}`, id]));
  const named = new Set(
    JSON.stringify(draft.values)
      .match(/"[^"]*"/g)
      ?.map((text) => text.slice(1, -1)),
  );
  const sides = Object.fromEntries(Object.entries(draft.sides).filter(([name]) => named.has(name)));
  const inputs = { ...further, ...sides };
  return {
    video,
    ...(work.is === "pipeline"
      ? { pipeline: work.name, ...filled("settings", settingsOf(draft.values)) }
      : { operation: { op: work.name, ...sourcesOf(further), ...said(draft.values) } }),
    ...filled("inputs", inputs),
    ...(draft.priority !== NORMAL && { priority: draft.priority }),
    ...(!draft.reuse && { reuse: false }),
  };
}

/** `{ladder: {crf: 22}}` becomes `{"ladder.crf": 22}`. */
export function settingsOf(values: Values): Values {
  const settings: Values = {};
  for (const [step, fields] of Object.entries(said(values))) {
    for (const [name, value] of Object.entries(fields as Values)) settings[`${step}.${name}`] = value;
  }
  return settings;
}

function sourcesOf(further: Record<string, string>): Values {
  const names = Object.keys(further);
  return names.length === 0 ? {} : { sources: ["input", ...names] };
}

function filled<K extends string>(name: K, record: Values): Partial<Record<K, Record<string, never>>> {
  return Object.keys(record).length === 0
    ? {}
    : ({ [name]: record } as Partial<Record<K, Record<string, never>>>);
}
