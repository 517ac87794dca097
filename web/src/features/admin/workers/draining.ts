/** Asking workers to end, and taking that back: shown at once, and undone where the server refuses. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { adminDrainWorkers, adminUndrainWorkers, apiQueries, type WorkerView } from "@/shared/api";
import { toast } from "@/shared/ui";

type Wish = { workers: string[]; drain: boolean };
const LISTS = apiQueries("adminListWorkers");

export function useDraining(): (workers: string[], drain: boolean) => void {
  const queries = useQueryClient();
  const { mutate } = useMutation({
    mutationFn: ({ workers, drain }: Wish) =>
      (drain ? adminDrainWorkers : adminUndrainWorkers)({ body: { workers }, throwOnError: true }),
    onMutate: async ({ workers, drain }) => {
      await queries.cancelQueries(LISTS);
      queries.setQueriesData<WorkerView[]>(LISTS, (found) =>
        found?.map((worker) => (workers.includes(worker.id) ? { ...worker, drained: drain } : worker)),
      );
    },
    onError: toast.problem,
    onSuccess: ({ data }, { workers, drain }) => {
      if (drain) {
        toast.done(words(workers.length), { undo: () => mutate({ workers, drain: false }) });
      } else if (data.workers.length < workers.length) {
        toast.done("It was too late for some: they had heard it and end.");
      }
    },
    onSettled: () => queries.invalidateQueries(LISTS),
  });
  return (workers, drain) => mutate({ workers, drain });
}

function words(count: number): string {
  return count === 1
    ? "The worker finishes what it is at and ends."
    : `${count} workers finish what they are at and end.`;
}
