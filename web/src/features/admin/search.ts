/** What the addresses of these pages may say: filters and time ranges. Whatever else stands there is left out. */
import type { AdminListAuditData, DeliveryState } from "@/shared/api";

type Raw = Record<string, unknown>;

export const LASTS = ["24h", "7d", "30d", "90d", "ever"] as const;
export type Last = (typeof LASTS)[number];
/** Either one of `last`, or days: `since` and `until`, both included. */
export type StatisticsSearch = { last?: Last; since?: string; until?: string };

const AUDITED = ["actor", "action", "subject", "outcome", "since", "until"] as const;
export type AuditSearch = Partial<Record<(typeof AUDITED)[number], string>>;

export const DELIVERY_STATES = ["pending", "delivered", "failed"] as const satisfies readonly DeliveryState[];

export function deliveriesSearch(raw: Raw): { state?: DeliveryState } {
  const state = DELIVERY_STATES.find((one) => one === raw.state);
  return state === undefined ? {} : { state };
}

export function statisticsSearch(raw: Raw): StatisticsSearch {
  const since = dayOf(raw.since);
  const until = dayOf(raw.until);
  if (since !== undefined || until !== undefined) return withoutGaps({ since, until });
  const last = LASTS.find((one) => one === raw.last);
  return last === undefined ? {} : { last };
}

export function auditSearch(raw: Raw): AuditSearch {
  const found: AuditSearch = {};
  for (const name of AUDITED) {
    const value = name === "since" || name === "until" ? dayOf(raw[name]) : textOf(raw[name]);
    if (value !== undefined) found[name] = value;
  }
  return found;
}

/** The query of a time range: days begin and end in the viewer's zone. */
export function timeQuery(search: StatisticsSearch): { last?: string; since?: string; until?: string } {
  if (search.since === undefined && search.until === undefined) return { last: search.last ?? "7d" };
  return withoutGaps({
    since: search.since === undefined ? undefined : dayBegins(search.since),
    until: search.until === undefined ? undefined : dayEnds(search.until),
  });
}

export function auditQuery(search: AuditSearch): NonNullable<AdminListAuditData["query"]> {
  return withoutGaps({
    ...search,
    since: search.since === undefined ? undefined : dayBegins(search.since),
    until: search.until === undefined ? undefined : dayEnds(search.until),
  });
}

/** Hours while they can be told apart, days from then on. */
export function grainOf(search: StatisticsSearch): "hour" | "day" {
  if (search.since === undefined && search.until === undefined) return search.last === "24h" ? "hour" : "day";
  return search.since !== undefined && search.since === search.until ? "hour" : "day";
}

function dayBegins(day: string): string {
  return new Date(`${day}T00:00:00`).toISOString();
}

function dayEnds(day: string): string {
  return new Date(`${day}T23:59:59.999`).toISOString();
}

function dayOf(value: unknown): string | undefined {
  const text = textOf(value);
  return text !== undefined && /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text))
    ? text
    : undefined;
}

function textOf(value: unknown): string | undefined {
  const text = typeof value === "number" ? String(value) : value;
  return typeof text === "string" && text.trim() !== "" ? text.trim().slice(0, 255) : undefined;
}

function withoutGaps<T extends object>(given: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  // What is left has no undefined in it.
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}
