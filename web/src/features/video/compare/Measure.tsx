import { Alert, Button, Group, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import {
  apiQueries,
  type JobView,
  jobsListOptions,
  jobsSubmitMutation,
  type VideoDetailView,
} from "@/shared/api";
import { percent } from "@/shared/format";
import { useMay } from "@/shared/session";
import { toast } from "@/shared/ui";
import { TextLink } from "../TextLink";

const EVERY = 5;

/** Measures VMAF of the renditions; what a job made of the same kind before is not made again. */
export function Measure({ video }: { video: VideoDetailView }) {
  const operator = useMay("operator", video.workspace_id);
  const queries = useQueryClient();
  const submit = useMutation({
    ...jobsSubmitMutation(),
    onError: toast.problem,
    onSuccess: () => queries.invalidateQueries(apiQueries("jobsList")),
  });
  const { data } = useQuery(jobsListOptions({ query: { video: video.id, limit: 50 } }));
  const job: JobView | undefined = data?.items.find(({ id }) => id === submit.data?.id);
  const moving = job !== undefined && ["queued", "running", "paused"].includes(job.state);
  const operations = [
    { op: "ladder", keep: false },
    {
      op: "quality",
      source: "ladder",
      reference: "input",
      metrics: ["vmaf"],
      every: EVERY,
      output: "quality",
    },
  ];
  return (
    <Alert color="gray" title="No VMAF was measured yet">
      <Group justify="space-between">
        <Text size="sm">
          VMAF says how close each rendition looks to the original. One picture of {EVERY} is measured.
        </Text>
        {moving || job?.state === "failed" ? (
          <TextLink to="/jobs/$jobId" params={{ jobId: job.id }} size="sm">
            {moving ? `Measuring: ${percent(job.progress)}` : (job.error?.message ?? "It failed")}
          </TextLink>
        ) : (
          operator && (
            <Button
              size="xs"
              loading={submit.isPending}
              onClick={() => submit.mutate({ body: { operations, video: video.id } })}
            >
              Measure VMAF
            </Button>
          )
        )}
      </Group>
    </Alert>
  );
}
