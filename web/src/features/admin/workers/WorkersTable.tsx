import { Badge, Button, Progress, Stack, Text } from "@mantine/core";
import type { WorkerView } from "@/shared/api";
import { number, percent } from "@/shared/format";
import { EmptyState } from "@/shared/ui";
import { Ago } from "../parts/Ago";
import { type Column, DataTable } from "../parts/DataTable";
import { JobLink } from "../parts/JobLink";

type Props = { workers: readonly WorkerView[]; onDrain?: (workers: string[], drain: boolean) => void };

/** Workers, what they are at, and when they were last heard of. */
export function WorkersTable({ workers, onDrain }: Props) {
  if (workers.length === 0) {
    return (
      <EmptyState title="No worker is there">
        Jobs wait until one comes. <code>framemill work</code> starts one on any machine that reaches the
        database and the storage.
      </EmptyState>
    );
  }
  const columns: Column<WorkerView>[] = [
    { label: "Worker", cell: (worker) => <Name worker={worker} /> },
    { label: "State", cell: (worker) => <State worker={worker} /> },
    { label: "At", cell: (worker) => <Held worker={worker} /> },
    { label: "Done", figure: true, cell: ({ done }) => number(done) },
    { label: "Failed", figure: true, cell: ({ failed }) => number(failed) },
    { label: "Heard of", cell: ({ seen_at }) => <Ago at={seen_at} /> },
  ];
  if (onDrain !== undefined) {
    columns.push({ label: "", cell: (worker) => <Drain worker={worker} onDrain={onDrain} /> });
  }
  return <DataTable name="Workers" columns={columns} rows={workers} keyOf={({ id }) => id} />;
}

function Name({ worker }: { worker: WorkerView }) {
  return (
    <div>
      <Text size="sm" fw={600}>
        {worker.host}
      </Text>
      <Text size="xs" c="dimmed">
        process {worker.pid} · {worker.engine} · {worker.version}
      </Text>
    </div>
  );
}

function State({ worker }: { worker: WorkerView }) {
  if (worker.state === "gone")
    return (
      <Badge color="gray" variant="outline">
        Gone
      </Badge>
    );
  if (worker.state === "draining" || worker.drained) return <Badge color="yellow">Draining</Badge>;
  return <Badge variant="light">Active</Badge>;
}

function Held({ worker }: { worker: WorkerView }) {
  if (worker.at.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        nothing
      </Text>
    );
  }
  return (
    <Stack gap={6} miw={160}>
      {worker.at.map(({ job_id, title, progress }) => (
        <div key={job_id}>
          <JobLink id={job_id} title={title} />
          <Progress
            value={progress}
            size="sm"
            aria-label={`${title}: ${percent(progress)}`}
            transitionDuration={200}
          />
        </div>
      ))}
    </Stack>
  );
}

function Drain({ worker, onDrain }: { worker: WorkerView; onDrain: NonNullable<Props["onDrain"]> }) {
  if (worker.state === "gone") return null;
  const drain = !worker.drained;
  return (
    <Button
      size="compact-sm"
      variant="default"
      aria-label={`${drain ? "Drain" : "Undrain"} ${worker.host} ${worker.pid}`}
      onClick={() => onDrain([worker.id], drain)}
    >
      {drain ? "Drain" : "Undrain"}
    </Button>
  );
}
