import { Card, Group, Stack, Text, Title, UnstyledButton } from "@mantine/core";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { useState } from "react";
import type { JobDetailView, TaskView } from "@/shared/api";
import { span, speed } from "@/shared/format";
import { CopyBox } from "../CopyBox";
import { useNow } from "../useNow";
import classes from "./StepsCard.module.css";
import { barOf, frameOf } from "./waterfall";

/** Its steps against time: which ran when, for how long, and with which commands. */
export function StepsCard({ job }: { job: JobDetailView }) {
  const now = useNow(job.state === "running");
  const frame = frameOf(job, now);
  return (
    <Card withBorder component="section" aria-labelledby="steps">
      <Group justify="space-between" mb="xs">
        <Title order={2} size="h5" id="steps">
          Steps
        </Title>
        <Text size="xs" c="dimmed">
          {job.tasks_total > 0 ? `${job.tasks_done} of ${job.tasks_total} done` : ""}
        </Text>
      </Group>
      {job.tasks.length === 0 && (
        <Text size="sm" c="dimmed">
          They are known once it is planned.
        </Text>
      )}
      <Stack gap={2} component="ol" className={classes.list}>
        {job.tasks.map((task) => (
          <Step key={task.key} task={task} bar={barOf(task, frame, now)} />
        ))}
      </Stack>
      {job.warnings.map((warning) => (
        <Text key={warning} size="sm" mt="xs">
          ⚠ {warning}
        </Text>
      ))}
    </Card>
  );
}

function Step({ task, bar }: { task: TaskView; bar: ReturnType<typeof barOf> }) {
  const [opened, setOpened] = useState(false);
  const telling = task.commands.length > 0 || task.error !== null;
  const Chevron = opened ? IconChevronDown : IconChevronRight;
  return (
    <li>
      <UnstyledButton
        className={classes.step}
        onClick={() => setOpened(!opened)}
        disabled={!telling}
        aria-expanded={telling ? opened : undefined}
      >
        <span className={classes.chevron}>{telling && <Chevron size={14} aria-hidden />}</span>
        <Text size="sm" truncate component="span" className={classes.title} title={task.title}>
          {task.title}
        </Text>
        <span className={classes.track}>
          {bar !== undefined && (
            <svg width="100%" height="10" preserveAspectRatio="none" aria-hidden>
              <rect
                className={classes[task.state] ?? classes.done}
                x={`${bar.from}%`}
                width={`${bar.width}%`}
                height="10"
                rx="3"
              />
            </svg>
          )}
        </span>
        <Text size="xs" c="dimmed" component="span" className={classes.words}>
          {wordsOf(task)}
        </Text>
      </UnstyledButton>
      {opened && (
        <Stack gap="xs" pl={22} pb="sm">
          {task.error !== null && <Text size="sm">{task.error.message}</Text>}
          {task.commands.map((command) => (
            <CopyBox key={command} text={command} label="command" />
          ))}
        </Stack>
      )}
    </li>
  );
}

const STANDS: Record<TaskView["state"], string> = {
  blocked: "waits",
  ready: "ready",
  leased: "running",
  done: "done",
  failed: "failed",
  cancelled: "cancelled",
};

function wordsOf(task: TaskView): string {
  if (task.state === "leased") {
    const rate = task.speed ? ` · ${speed(task.speed)}` : "";
    return `${Math.floor(task.progress)} %${rate}`;
  }
  const again = task.attempt > 1 ? `, attempt ${task.attempt}` : "";
  return task.state === "done" && task.wall_ms >= 500
    ? `${span(task.wall_ms)}${again}`
    : `${STANDS[task.state]}${again}`;
}
