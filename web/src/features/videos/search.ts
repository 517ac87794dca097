/** What the address says: which videos, in which order, and how they are shown. */
import type { VideoState } from "@/shared/api";

/** Which videos: those of a workspace, or of one of its collections. */
export type Place = { workspace?: string; collection?: string };

export type Sort = "newest" | "oldest";
export type View = "grid" | "table";
export type Shown = Extract<VideoState, "ready" | "uploading" | "failed">;

export type VideosSearch = Place & {
  text?: string;
  state?: Shown;
  /** Days as `2026-11-02`, in the viewer's zone; both are included. */
  since?: string;
  until?: string;
  sort?: Sort;
  view?: View;
};

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const STATES: readonly string[] = ["ready", "uploading", "failed"] satisfies Shown[];

export function placeOf(search: Record<string, unknown>): Place {
  return { workspace: text(search.workspace), collection: text(search.collection) };
}

/** What is not understood is left out, so that no address leads to a broken page. */
export function searchOf(search: Record<string, unknown>): VideosSearch {
  const state = text(search.state);
  return {
    ...placeOf(search),
    text: text(search.text)?.slice(0, 200),
    state: state !== undefined && STATES.includes(state) ? (state as Shown) : undefined,
    since: day(search.since),
    until: day(search.until),
    sort: search.sort === "oldest" ? "oldest" : undefined,
    view: search.view === "table" ? "table" : undefined,
  };
}

/** Whether anything is left out of what the place holds. */
export function isFiltered({ text, state, since, until }: VideosSearch): boolean {
  return [text, state, since, until].some((one) => one !== undefined);
}

/** The API's words for the same. */
export function queryOf(search: VideosSearch) {
  return {
    collection: search.collection,
    text: search.text,
    state: search.state && [search.state],
    since: search.since && startOf(search.since, 0),
    until: search.until && startOf(search.until, 1),
    sort: search.sort,
    limit: 48,
  };
}

function startOf(day: string, later: number): string {
  const [year = 0, month = 1, date = 1] = day.split("-").map(Number);
  return new Date(year, month - 1, date + later).toISOString();
}

function day(value: unknown): string | undefined {
  const said = text(value);
  return said !== undefined && DAY.test(said) && !Number.isNaN(Date.parse(said)) ? said : undefined;
}

function text(value: unknown): string | undefined {
  const said = typeof value === "number" ? String(value) : value;
  return typeof said === "string" && said !== "" ? said : undefined;
}
