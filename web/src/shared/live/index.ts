/** What becomes of jobs, as it happens. */
import { useEffect, useEffectEvent, useSyncExternalStore } from "react";
import { LiveConnection } from "./connection";
import type { LiveEvent, LiveStatus, Progress } from "./events";

export type { LiveEvent, LiveStatus, Progress, StateEvent } from "./events";
export { patchesOf } from "./patching";

/** The page's one connection; the shell starts and stops it. */
export const live = new LiveConnection();

/** Calls `onEvent` with each event while the component is shown. Lists and pages of jobs need none: they are patched. */
export function useLive(onEvent: (event: LiveEvent) => void): void {
  const told = useEffectEvent(onEvent);
  useEffect(() => live.listen((event) => told(event)), []);
}

/** Calls `onProgress` with how far this job is: speed and ETA are told here only. */
export function useProgress(jobId: string, onProgress: (progress: Progress) => void): void {
  useLive((event) => {
    if (event.type !== "progress") return;
    for (const one of event.jobs) if (one.job_id === jobId) onProgress(one);
  });
}

/** Calls `onLine` with each new line of this job's log. */
export function useLogLines(
  jobId: string,
  onLine: (line: Extract<LiveEvent, { type: "log" }>) => void,
): void {
  useEffect(() => live.followLog(jobId), [jobId]);
  useLive((event) => {
    if (event.type === "log" && event.job_id === jobId) onLine(event);
  });
}

/** Whether the page is told of changes at the moment. */
export function useLiveStatus(): LiveStatus {
  return useSyncExternalStore(
    (changed) => live.watch(changed),
    () => live.status,
  );
}
