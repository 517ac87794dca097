/** Which jobs are shown; it stands in the address. */
import type { JobState } from "@/shared/api";

export const STATES: readonly JobState[] = [
  "queued",
  "running",
  "paused",
  "completed",
  "failed",
  "cancelled",
];

export type JobsSearch = {
  text?: string;
  state?: JobState[];
  kind?: string;
  workspace?: string;
  owner?: string;
  video?: string;
  batch?: string;
};

export function jobsSearch(search: Record<string, unknown>): JobsSearch {
  // Digits alone stand in an address as a number.
  const text = (value: unknown) =>
    typeof value === "string" || typeof value === "number" ? String(value) || undefined : undefined;
  const asked: unknown[] = Array.isArray(search.state) ? search.state : [search.state];
  const state = STATES.filter((known) => asked.includes(known));
  return {
    text: text(search.text),
    state: state.length > 0 ? state : undefined,
    kind: text(search.kind),
    workspace: text(search.workspace),
    owner: text(search.owner),
    video: text(search.video),
    batch: text(search.batch),
  };
}
