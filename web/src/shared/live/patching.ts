/** Keeps what is known of jobs as new as what is heard of them. */
import type { QueryClient } from "@tanstack/react-query";
import { apiQueries, type JobView } from "@/shared/api";
import type { LiveEvent } from "./events";

const JOBS = ["jobsList", "jobsShow", "batchesShow"];
/** What a job that has ended may have changed. */
const AFTERWARDS = ["videosList", "videosShow", "artifactsList"];
/** Many jobs may change in a moment; asking again once is enough. */
const GATHER_MS = 1000;

/** The listener for `LiveConnection.listen`. */
export function patchesOf(queries: QueryClient): (event: LiveEvent) => void {
  const stale = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;

  function soon(...ids: string[]): void {
    for (const id of ids) stale.add(id);
    if (timer !== undefined) return;
    timer = setTimeout(() => {
      timer = undefined;
      queries.invalidateQueries(apiQueries(...stale));
      stale.clear();
    }, GATHER_MS);
  }

  return (event) => {
    switch (event.type) {
      case "state":
        patch(queries, event.job_id, {
          state: event.state,
          ...(event.change === "completed" && { progress: 100 }),
          ...(event.priority !== null && { priority: event.priority }),
        });
        soon(...JOBS, ...(["completed", "failed", "cancelled"].includes(event.change) ? AFTERWARDS : []));
        break;
      case "progress":
        for (const one of event.jobs) {
          const { state, percent: progress, step, tasks_total, tasks_done } = one;
          patch(queries, one.job_id, { state, progress, step, tasks_total, tasks_done });
        }
        break;
      case "gap":
      case "back":
        soon(...JOBS, ...AFTERWARDS);
        break;
      case "ended":
        queries.invalidateQueries(apiQueries("authShowSelf"));
        break;
    }
  };
}

function patch(queries: QueryClient, jobId: string, change: Partial<JobView>): void {
  queries.setQueriesData(apiQueries("jobsList", "jobsShow"), (known: unknown) =>
    patched(known, jobId, change),
  );
}

/** The same with the job changed, in whatever shape it was kept: one, a page, or pages. */
function patched(known: unknown, jobId: string, change: Partial<JobView>): unknown {
  if (typeof known !== "object" || known === null) return known;
  if ("pages" in known && Array.isArray(known.pages)) {
    return { ...known, pages: known.pages.map((page) => patched(page, jobId, change)) };
  }
  if ("items" in known && Array.isArray(known.items)) {
    return { ...known, items: known.items.map((item) => patched(item, jobId, change)) };
  }
  return "id" in known && known.id === jobId ? { ...known, ...change } : known;
}
