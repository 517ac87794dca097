import { Checkbox, Group, Progress, Stack, Table, Text } from "@mantine/core";
import { useState } from "react";
import type { JobView } from "@/shared/api";
import { ago, moment, percent, span, speed } from "@/shared/format";
import { type Progress as Told, useProgress } from "@/shared/live";
import { labelOf } from "../form/schema";
import { PageLink } from "../links";
import { StateMark } from "../StateMark";
import classes from "./JobsTable.module.css";

type Props = { job: JobView; selected: boolean; onToggle: () => void };

/** One job of the list. */
export function JobRow({ job, selected, onToggle }: Props) {
  const name = labelOf(job.kind);
  return (
    <Table.Tr bg={selected ? "var(--mantine-primary-color-light)" : undefined}>
      <Table.Td>
        <Checkbox size="xs" aria-label={`Select ${name}`} checked={selected} onChange={onToggle} />
      </Table.Td>
      <Table.Td>
        <Stack gap={2}>
          <PageLink to="/jobs/$jobId" params={{ jobId: job.id }} size="sm" fw={600} c="inherit">
            {name}
          </PageLink>
          <Text size="xs" c="dimmed" truncate title={job.input_name ?? undefined}>
            {job.input_name}
          </Text>
          <Text size="xs" c="dimmed" hiddenFrom="md">
            {ago(job.created_at)}
          </Text>
        </Stack>
      </Table.Td>
      <Table.Td>
        <HowFar job={job} />
      </Table.Td>
      <Table.Td className={classes.wide}>
        <Text size="sm" truncate>
          {job.owner || "this machine"}
        </Text>
      </Table.Td>
      <Table.Td className={classes.wide} ta="right">
        {job.priority}
      </Table.Td>
      <Table.Td className={classes.wide} ta="right">
        <Text size="sm" title={moment(job.created_at)} component="time" dateTime={job.created_at}>
          {ago(job.created_at)}
        </Text>
      </Table.Td>
    </Table.Tr>
  );
}

function HowFar({ job }: { job: JobView }) {
  const [told, setTold] = useState<Told>();
  useProgress(job.id, setTold);
  const moving = job.state === "running" || job.state === "paused";
  return (
    <Stack gap={4}>
      <Group gap="xs" className={classes.state}>
        <StateMark state={job.state} />
        <Text size="xs" c="dimmed" truncate maw="100%">
          {job.state === "running" ? whatNow(job, told) : afterwards(job)}
        </Text>
      </Group>
      {moving && <Progress size="sm" value={job.progress} aria-label={`Progress of ${labelOf(job.kind)}`} />}
    </Stack>
  );
}

function whatNow(job: JobView, told: Told | undefined): string {
  return [
    percent(job.progress),
    ...(told?.speed ? [speed(told.speed)] : []),
    ...(told?.eta_ms ? [`${span(told.eta_ms)} left`] : []),
    ...(job.step ? [job.step] : []),
  ].join(" · ");
}

function afterwards(job: JobView): string {
  if (job.error !== null) return job.error.message;
  if (job.state === "paused") return percent(job.progress);
  return job.processing_ms === null ? "" : `took ${span(job.processing_ms)}`;
}
