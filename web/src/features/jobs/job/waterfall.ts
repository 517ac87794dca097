/** Where the bars of a job's steps lie between its start and its end, in percent. */
import type { JobDetailView, TaskView } from "@/shared/api";

export type Frame = { start: number; length: number };
export type Bar = { from: number; width: number };

/** So narrow a bar can still be seen. */
const LEAST = 0.8;

/** From the first step to the last; `now` where it goes on. */
export function frameOf(
  job: Pick<JobDetailView, "tasks" | "started_at" | "finished_at">,
  now: number,
): Frame {
  const starts = [job.started_at, ...job.tasks.map(({ started_at }) => started_at)].flatMap(instant);
  const start = starts.length > 0 ? Math.min(...starts) : now;
  const end = job.finished_at === null ? now : Date.parse(job.finished_at);
  return { start, length: Math.max(1, end - start) };
}

/** Undefined of a step that has not begun. */
export function barOf(
  task: Pick<TaskView, "started_at" | "finished_at">,
  frame: Frame,
  now: number,
): Bar | undefined {
  const [end] = instant(task.finished_at);
  const [start] = instant(task.started_at ?? task.finished_at);
  if (start === undefined) return undefined;
  const share = (moment: number) => Math.min(100, Math.max(0, ((moment - frame.start) / frame.length) * 100));
  const from = Math.min(share(start), 100 - LEAST);
  return { from, width: Math.max(LEAST, share(end ?? now) - from) };
}

function instant(iso: string | null): number[] {
  return iso === null ? [] : [Date.parse(iso)];
}
