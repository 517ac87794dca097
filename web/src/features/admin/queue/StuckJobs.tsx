import { Button, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { adminListStuckOptions, adminResetStuckMutation, apiQueries, type StuckView } from "@/shared/api";
import { span } from "@/shared/format";
import { toast } from "@/shared/ui";
import { Confirm } from "../parts/Confirm";
import { DataTable } from "../parts/DataTable";
import { JobLink } from "../parts/JobLink";
import { Loaded } from "../parts/Loaded";
import { Panel } from "../parts/Panel";

/** Running jobs that nobody hears of; others may try them. */
export function StuckJobs() {
  const queries = useQueryClient();
  const stuck = useQuery({ ...adminListStuckOptions(), refetchInterval: 30_000 });
  const [asked, setAsked] = useState<StuckView[]>([]);
  const reset = useMutation({
    ...adminResetStuckMutation(),
    onError: toast.problem,
    onSuccess: ({ jobs }) =>
      toast.done(jobs.length === 1 ? "1 job was reset." : `${jobs.length} jobs were reset.`),
    onSettled: () => {
      setAsked([]);
      return queries.invalidateQueries(apiQueries("adminListStuck", "adminShowQueue"));
    },
  });
  return (
    <Panel
      title="Stuck jobs"
      says="Running, and nothing was heard of them for long. A reset takes them from their worker, so that another tries; what is done stays done."
      actions={
        (stuck.data?.length ?? 0) > 1 && (
          <Button variant="default" onClick={() => setAsked(stuck.data ?? [])}>
            Reset all
          </Button>
        )
      }
    >
      <Loaded query={stuck} rows={2}>
        {(found) =>
          found.length === 0 ? (
            <Text c="dimmed">No job is stuck.</Text>
          ) : (
            <DataTable
              name="Stuck jobs"
              rows={found}
              keyOf={({ job }) => job.id}
              columns={[
                { label: "Job", cell: ({ job }) => <JobLink id={job.id} title={`${job.kind} ${job.id}`} /> },
                { label: "Step", cell: ({ job }) => job.step ?? "–" },
                { label: "Owner", cell: ({ job }) => job.owner },
                { label: "Silent for", figure: true, cell: ({ silent_s }) => span(silent_s * 1000) },
                {
                  label: "",
                  cell: (one) => (
                    <Button size="compact-sm" variant="default" onClick={() => setAsked([one])}>
                      Reset
                    </Button>
                  ),
                },
              ]}
            />
          )
        }
      </Loaded>
      {asked.length > 0 && (
        <Confirm
          title={asked.length === 1 ? "Reset this job?" : `Reset ${asked.length} jobs?`}
          does="Reset"
          busy={reset.isPending}
          onClose={() => setAsked([])}
          onConfirm={() => reset.mutate({ body: { jobs: asked.map(({ job }) => job.id) } })}
        >
          A worker that is at it after all loses what it has of the step it is at.
        </Confirm>
      )}
    </Panel>
  );
}
