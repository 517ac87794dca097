/** What the address of the page for a new job may say: other pages link to it with these. */
import { isValues } from "../form/values";

export type NewJobSearch = {
  video?: string;
  /** Further videos. */
  inputs?: string[];
  operation?: string;
  pipeline?: string;
  /** Fields of the operation, or of a pipeline's steps by their names. */
  values?: Record<string, unknown>;
  sides?: Record<string, string>;
  priority?: number;
  reuse?: boolean;
  /** A job whose request is to be changed. */
  from?: string;
};

export function newJobSearch(search: Record<string, unknown>): NewJobSearch {
  const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);
  const { priority } = search;
  return {
    video: text(search.video),
    inputs: Array.isArray(search.inputs) ? search.inputs.flatMap((one) => text(one) ?? []) : undefined,
    operation: text(search.operation),
    pipeline: text(search.pipeline),
    values: isValues(search.values) ? search.values : undefined,
    sides: isValues(search.sides)
      ? Object.fromEntries(Object.entries(search.sides).map(([name, id]) => [name, String(id)]))
      : undefined,
    priority:
      typeof priority === "number" && priority >= 1 && priority <= 10 ? Math.round(priority) : undefined,
    reuse: search.reuse === false ? false : undefined,
    from: text(search.from),
  };
}
