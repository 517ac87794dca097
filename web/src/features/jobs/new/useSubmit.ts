/** Asking for the job, or for one of each video, and going to where it is followed. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { apiQueries, batchesSubmit, jobsSubmit } from "@/shared/api";
import { toast } from "@/shared/ui";
import { type Draft, joins, requestOf } from "./draft";

export function useSubmit(draft: Draft) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  return useMutation({
    mutationFn: async () => {
      const requests = (joins(draft.work) ? draft.videos.slice(0, 1) : draft.videos).flatMap(
        (video) => requestOf(draft, video) ?? [],
      );
      const [only] = requests;
      if (only !== undefined && requests.length === 1) {
        const { data } = await jobsSubmit({ body: only, throwOnError: true });
        return { to: "/jobs/$jobId", params: { jobId: data.id } } as const;
      }
      const { data } = await batchesSubmit({
        body: { title: `${draft.work?.name}: ${requests.length} videos`, jobs: requests },
        throwOnError: true,
      });
      const refused = data.items.filter(({ job_id }) => job_id === null).length;
      if (refused > 0) toast.done(`${refused} of ${requests.length} were refused`);
      return { to: "/jobs", search: { batch: data.id } } as const;
    },
    onSuccess: (place) => {
      queries.invalidateQueries(apiQueries("jobsList"));
      navigate(place);
    },
  });
}
