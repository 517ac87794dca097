import { Grid, Group, Progress, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { type JobDetailView, jobsShowOptions } from "@/shared/api";
import { moment, number, percent, span, speed } from "@/shared/format";
import { type Progress as Told, useProgress } from "@/shared/live";
import { PageHeader, ProblemNote, RowsSkeleton } from "@/shared/ui";
import { labelOf } from "../form/schema";
import { PageLink } from "../links";
import { StateMark } from "../StateMark";
import { ArtifactsCard } from "./ArtifactsCard";
import { FailureNote } from "./FailureNote";
import { JobActions } from "./JobActions";
import { LogCard } from "./LogCard";
import { StepsCard } from "./StepsCard";

const route = getRouteApi("/inside/jobs/$jobId");

/** All about one job, as it happens. */
export function JobPage() {
  const { jobId } = route.useParams();
  const found = useQuery({
    ...jobsShowOptions({ path: { job_id: jobId } }),
    // Progress of single steps is told nowhere else, nor when the programs of a cancelled job have ended.
    refetchInterval: ({ state: { data } }) =>
      data?.state === "running" || data?.tasks.some(({ state }) => state === "leased") ? 2000 : false,
  });
  if (found.isPending) {
    return (
      <>
        <PageHeader title="Job" />
        <RowsSkeleton />
      </>
    );
  }
  if (found.isError && found.data === undefined) {
    return (
      <>
        <PageHeader title="Job" />
        <ProblemNote error={found.error} onRetry={found.refetch} />
      </>
    );
  }
  return <Shown job={found.data} />;
}

function Shown({ job }: { job: JobDetailView }) {
  const inputs = Object.entries(job.inputs);
  return (
    <>
      <PageHeader title={labelOf(job.kind)}>
        <JobActions job={job} />
      </PageHeader>
      <Stack gap="md">
        <HowFar job={job} />
        {job.error !== null && <FailureNote job={job} error={job.error} />}
        <Grid gap="md">
          <Grid.Col span={{ base: 12, lg: 8 }}>
            <Stack gap="md">
              <StepsCard job={job} />
              <LogCard job={job} />
            </Stack>
          </Grid.Col>
          <Grid.Col span={{ base: 12, lg: 4 }}>
            <Stack gap="md">
              <ArtifactsCard job={job} />
              <Stack gap={4}>
                {inputs.map(([name, file]) => (
                  <Fact key={name} name={name === "input" ? "Video" : labelOf(name)}>
                    {job.videos[name] === undefined ? (
                      file
                    ) : (
                      <PageLink to="/videos/$videoId" params={{ videoId: job.videos[name] }} size="sm">
                        {file}
                      </PageLink>
                    )}
                  </Fact>
                ))}
                {job.batch_id !== null && (
                  <Fact name="Batch">
                    <PageLink to="/jobs" search={{ batch: job.batch_id }} size="sm">
                      all its jobs
                    </PageLink>
                  </Fact>
                )}
                <Fact name="Owner">{job.owner || "this machine"}</Fact>
                <Fact name="Submitted">{moment(job.created_at)}</Fact>
                {job.processing_ms !== null && <Fact name="Took">{span(job.processing_ms)}</Fact>}
                {job.actual !== null && <Fact name="Processor time">{span(job.actual.cpu_ms)}</Fact>}
                {job.actual !== null && job.actual.cost.total > 0 && (
                  <Fact name="Cost">
                    {number(job.actual.cost.total, 4)} {job.actual.cost.currency}
                  </Fact>
                )}
                <Fact name="Id">{job.id}</Fact>
              </Stack>
            </Stack>
          </Grid.Col>
        </Grid>
      </Stack>
    </>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <Group justify="space-between" gap="md" wrap="nowrap" align="flex-start">
      <Text size="sm" c="dimmed" flex="none">
        {name}
      </Text>
      <Text size="sm" component="div" ta="right" style={{ overflowWrap: "anywhere" }}>
        {children}
      </Text>
    </Group>
  );
}

function HowFar({ job }: { job: JobDetailView }) {
  const [told, setTold] = useState<Told>();
  useProgress(job.id, setTold);
  const running = job.state === "running";
  const words = [
    percent(job.progress),
    ...(running && told?.speed ? [speed(told.speed)] : []),
    ...(running && told?.eta_ms ? [`${span(told.eta_ms)} left`] : []),
    ...(running && job.step ? [job.step] : []),
  ];
  return (
    <Stack gap={6}>
      <Group gap="sm" wrap="nowrap">
        <StateMark state={job.state} />
        <Text size="sm" c="dimmed" truncate>
          {job.state === "queued" ? "waits for a worker" : words.join(" · ")}
        </Text>
      </Group>
      <Progress value={job.progress} animated={running} aria-label="Progress" />
    </Stack>
  );
}
