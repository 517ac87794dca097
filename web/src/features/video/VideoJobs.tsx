import { Anchor, Badge, Group, Progress, Stack, Table, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type JobState, type JobView, jobsListOptions, type VideoDetailView } from "@/shared/api";
import { ago, percent } from "@/shared/format";
import { EmptyState, ProblemNote, RowsSkeleton } from "@/shared/ui";
import { MakeStream } from "./MakeStream";

const COLOURS: Record<JobState, string> = {
  queued: "gray",
  running: "blue",
  paused: "yellow",
  completed: "mill",
  failed: "red",
  cancelled: "gray",
};

/** What was and is done with this video, as it happens. */
export function VideoJobs({ video }: { video: VideoDetailView }) {
  const { data, error, refetch } = useQuery(jobsListOptions({ query: { video: video.id, limit: 50 } }));
  if (error !== null) return <ProblemNote error={error} onRetry={() => void refetch()} />;
  if (data === undefined) return <RowsSkeleton count={3} />;
  if (data.items.length === 0)
    return (
      <EmptyState title="No jobs yet" action={<MakeStream video={video} />}>
        Publish the video, or cut a clip from it.
      </EmptyState>
    );
  return (
    <Stack>
      <Table verticalSpacing="xs" highlightOnHover aria-label="Jobs of this video">
        <Table.Tbody>
          {data.items.map((job) => (
            <Row key={job.id} job={job} />
          ))}
        </Table.Tbody>
      </Table>
      {data.next_cursor !== null && (
        <Anchor component={Link} to="/jobs">
          All jobs
        </Anchor>
      )}
    </Stack>
  );
}

function Row({ job }: { job: JobView }) {
  return (
    <Table.Tr>
      <Table.Td>
        <Anchor component={Link} to={`/jobs/${job.id}`} fw={500}>
          {job.kind}
        </Anchor>
        {job.error !== null && (
          <Text size="xs" c="dimmed">
            {job.error.message}
          </Text>
        )}
      </Table.Td>
      <Table.Td>
        <Group gap="xs" wrap="nowrap">
          <JobBadge state={job.state} />
          {job.state === "running" && (
            <Progress w={80} value={job.progress} aria-label={`${job.kind}: ${percent(job.progress)}`} />
          )}
        </Group>
      </Table.Td>
      <Table.Td ta="right">
        <Text size="sm" c="dimmed">
          {ago(job.created_at)}
        </Text>
      </Table.Td>
    </Table.Tr>
  );
}

export function JobBadge({ state }: { state: JobState }) {
  return (
    <Badge variant="light" color={COLOURS[state]} tt="none">
      {state}
    </Badge>
  );
}
