import { Button, Card, Group, Progress, Stack, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { apiQueries, batchesCancelMutation, batchesShowOptions } from "@/shared/api";
import { percent } from "@/shared/format";
import { ProblemNote, toast } from "@/shared/ui";
import { PageLink } from "../links";

/** How far a batch is, above its jobs. */
export function BatchNote({ id }: { id: string }) {
  const queries = useQueryClient();
  const batch = useQuery(batchesShowOptions({ path: { batch_id: id } }));
  const cancel = useMutation({
    ...batchesCancelMutation(),
    onError: toast.problem,
    onSuccess: () => toast.done("The batch is cancelled"),
    onSettled: () => queries.invalidateQueries(apiQueries("jobsList", "batchesShow")),
  });
  if (batch.isError) return <ProblemNote error={batch.error} onRetry={batch.refetch} />;
  if (batch.data === undefined) return null;
  const { title, total, ended, progress, counts } = batch.data;
  return (
    <Card withBorder padding="sm">
      <Stack gap="xs">
        <Group justify="space-between">
          <Text size="sm" fw={600}>
            {title || "Batch"}
          </Text>
          <Group gap="sm">
            <Text size="xs" c="dimmed">
              {ended} of {total} over{counts.failed ? `, ${counts.failed} failed` : ""} · {percent(progress)}
            </Text>
            {ended < total && (
              <Button
                size="compact-xs"
                variant="default"
                loading={cancel.isPending}
                onClick={() => cancel.mutate({ path: { batch_id: id } })}
              >
                Cancel the batch
              </Button>
            )}
            <PageLink to="/jobs" size="xs">
              All jobs
            </PageLink>
          </Group>
        </Group>
        <Progress value={progress} aria-label="Progress of the batch" />
      </Stack>
    </Card>
  );
}
