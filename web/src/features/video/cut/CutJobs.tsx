import { Alert, Button, Card, Group, Progress, Stack, Text } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import {
  type JobView,
  jobsCancelMutation,
  jobsListOptions,
  jobsShowOptions,
  type VideoDetailView,
} from "@/shared/api";
import { ago, bytes, percent } from "@/shared/format";
import { toast } from "@/shared/ui";
import { download } from "../download";
import { TextLink } from "../TextLink";
import { JobBadge } from "../VideoJobs";
import classes from "./CutJobs.module.css";

const KINDS = new Set(["cut", "trim"]);
const MOST = 4;

type Props = {
  video: VideoDetailView;
  /** What was asked for just now: it is brought into sight. */
  latest: string | undefined;
};

/** The cuts that were asked for lately, how far they are, and what they gave. */
export function CutJobs({ video, latest }: Props) {
  const { data } = useQuery(jobsListOptions({ query: { video: video.id, limit: 50 } }));
  const cuts = (data?.items ?? []).filter(({ kind }) => KINDS.has(kind)).slice(0, MOST);
  if (cuts.length === 0) return null;
  return (
    <Stack gap="xs" aria-label="Cuts" component="section">
      {cuts.map((job) => (
        <CutJob key={job.id} videoId={video.id} job={job} isLatest={job.id === latest} />
      ))}
    </Stack>
  );
}

function CutJob({ videoId, job, isLatest }: { videoId: string; job: JobView; isLatest: boolean }) {
  const card = useRef<HTMLDivElement>(null);
  const detail = useQuery({
    ...jobsShowOptions({ path: { job_id: job.id } }),
    enabled: job.state === "completed",
  });
  const cancel = useMutation({ ...jobsCancelMutation(), onError: toast.problem });
  const moving = job.state === "queued" || job.state === "running";
  const grown = detail.data !== undefined;
  // biome-ignore lint/correctness/useExhaustiveDependencies: it grows when its clips are there
  useEffect(() => {
    if (isLatest) card.current?.scrollIntoView({ behavior: "smooth", block: "nearest" });
  }, [isLatest, grown]);
  const clips = detail.data?.artifacts.filter(({ role }) => role !== "report") ?? [];
  return (
    <Card ref={card} withBorder padding="sm" className={classes.job}>
      <Group justify="space-between">
        <Group gap="xs">
          <TextLink to="/jobs/$jobId" params={{ jobId: job.id }} size="sm" fw={500}>
            {job.kind === "trim" ? "Cut and joined" : "Cut"}
          </TextLink>
          <JobBadge state={job.state} />
          <Text size="xs" c="dimmed">
            {ago(job.created_at)}
          </Text>
        </Group>
        {moving && (
          <Button
            size="compact-xs"
            variant="default"
            loading={cancel.isPending}
            onClick={() => cancel.mutate({ path: { job_id: job.id } })}
          >
            Cancel
          </Button>
        )}
      </Group>
      {moving && (
        <Progress mt="xs" value={job.progress} animated aria-label={`Cutting: ${percent(job.progress)}`} />
      )}
      {job.error !== null && (
        <Alert mt="xs" color="red" title={job.error.message}>
          {job.error.hint}
        </Alert>
      )}
      {job.state === "completed" && (
        <Group mt="xs" gap="xs" mih={30}>
          {clips.map(({ id, name, bytes: size }) => (
            <Button
              key={id}
              size="xs"
              variant="light"
              leftSection={<IconDownload size={14} aria-hidden />}
              onClick={() => void download(videoId, id)}
            >
              {`${name} · ${bytes(size)}`}
            </Button>
          ))}
        </Group>
      )}
    </Card>
  );
}
