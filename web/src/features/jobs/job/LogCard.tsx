import { Card, Group, Switch, Text, Title } from "@mantine/core";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { type JobDetailView, jobsLogsOptions, type LogView } from "@/shared/api";
import { useLogLines } from "@/shared/live";
import { ProblemNote, RowsSkeleton } from "@/shared/ui";
import classes from "./LogCard.module.css";

const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

/** What happened to the job, line by line; it follows the newest unless it is told not to. */
export function LogCard({ job }: { job: JobDetailView }) {
  const queries = useQueryClient();
  const options = jobsLogsOptions({ path: { job_id: job.id }, query: { limit: 1000 } });
  const log = useQuery(options);
  const [follow, setFollow] = useState(true);
  const end = useRef<HTMLDivElement>(null);
  const lines = log.data ?? [];

  useLogLines(job.id, (line) => {
    queries.setQueryData(options.queryKey, (known: LogView[] | undefined) =>
      known === undefined || known.some(({ id }) => id === line.id)
        ? known
        : [...known, { ...line, task: line.task ?? null } as unknown as LogView],
    );
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: each new line is followed
  useEffect(() => {
    const box = end.current?.parentElement;
    if (follow && box) box.scrollTop = box.scrollHeight;
  }, [follow, lines.length]);

  return (
    <Card withBorder component="section" aria-labelledby="log">
      <Group justify="space-between" mb="xs">
        <Title order={2} size="h5" id="log">
          Log
        </Title>
        <Switch
          size="xs"
          label="Follow"
          checked={follow}
          onChange={({ currentTarget: { checked } }) => setFollow(checked)}
        />
      </Group>
      {log.isError && <ProblemNote error={log.error} onRetry={log.refetch} />}
      {log.isPending && <RowsSkeleton count={3} />}
      {log.isSuccess && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keys
        <div className={classes.lines} role="log" aria-label="Log" tabIndex={0}>
          {lines.map(({ id, at, level, message }) => (
            <div key={id} className={classes.line} data-level={level}>
              <Text component="time" dateTime={at} c="dimmed" inherit>
                {TIME.format(new Date(at))}
              </Text>
              <span>{message}</span>
            </div>
          ))}
          <div ref={end} />
        </div>
      )}
    </Card>
  );
}
