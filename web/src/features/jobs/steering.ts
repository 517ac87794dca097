/** What may be done with jobs that are there: each is shown at once, and can be taken back where that is possible. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import {
  apiQueries,
  type JobState,
  type JobView,
  jobsCancel,
  jobsPause,
  jobsPrioritise,
  jobsResume,
  jobsRetry,
  problemOf,
} from "@/shared/api";
import { toast } from "@/shared/ui";

export type Steer = "cancel" | "retry" | "pause" | "resume";
type Steered = Pick<JobView, "id" | "state">;

/** Where the programs of a job just cancelled have not ended, it cannot be taken up again: soon it can. */
const RETRY_AFTER_MS = [500, 1000, 2000];

async function call(how: Steer, id: string): Promise<unknown> {
  for (const wait of how === "retry" ? RETRY_AFTER_MS : []) {
    try {
      return await CALLS[how]({ path: { job_id: id }, throwOnError: true });
    } catch (error) {
      if (problemOf(error).status !== 409) throw error;
      await new Promise((goOn) => setTimeout(goOn, wait));
    }
  }
  return await CALLS[how]({ path: { job_id: id }, throwOnError: true });
}

const CALLS = { cancel: jobsCancel, retry: jobsRetry, pause: jobsPause, resume: jobsResume };
const BECOMES: Record<Steer, JobState> = {
  cancel: "cancelled",
  retry: "queued",
  pause: "paused",
  resume: "queued",
};
const DONE: Record<Steer, string> = {
  cancel: "Cancelled",
  retry: "Queued again",
  pause: "Paused",
  resume: "Goes on",
};
const BACK: Record<Steer, Steer> = { cancel: "retry", retry: "cancel", pause: "resume", resume: "pause" };
const FROM: Record<Steer, readonly JobState[]> = {
  cancel: ["queued", "running", "paused"],
  retry: ["failed", "cancelled"],
  pause: ["queued", "running"],
  resume: ["paused"],
};

export function can(steer: Steer, state: JobState): boolean {
  return FROM[steer].includes(state);
}

/** Calls one of them on each of these jobs that it fits. */
export function useSteering() {
  const queries = useQueryClient();
  const lists = apiQueries("jobsList", "jobsShow", "batchesShow", "jobsLogs");

  const steer = useMutation({
    mutationFn: async ({ how, jobs }: { how: Steer; jobs: Steered[] }) => {
      const all = await Promise.allSettled(jobs.map(({ id }) => call(how, id)));
      const failed = all.find((one) => one.status === "rejected");
      if (failed !== undefined) throw failed.reason;
    },
    onError: toast.problem,
    onSuccess: (_, { how, jobs }) => {
      const many = jobs.length > 1 ? `${DONE[how]}: ${jobs.length} jobs` : DONE[how];
      toast.done(many, {
        undo: () =>
          run(
            BACK[how],
            jobs.map(({ id }) => ({ id, state: BECOMES[how] })),
          ),
      });
    },
    onSettled: () => queries.invalidateQueries(lists),
  });

  function run(how: Steer, jobs: Steered[]): void {
    const fitting = jobs.filter(({ state }) => can(how, state));
    if (fitting.length > 0) steer.mutate({ how, jobs: fitting });
  }

  const prioritise = useMutation({
    mutationFn: ({ id, priority }: { id: string; priority: number }) =>
      jobsPrioritise({ path: { job_id: id }, body: { priority }, throwOnError: true }),
    onError: toast.problem,
    onSuccess: (_, { priority }) => toast.done(`Priority ${priority}`),
    onSettled: () => queries.invalidateQueries(lists),
  });

  return { run, pending: steer.isPending, how: steer.variables?.how, prioritise };
}
