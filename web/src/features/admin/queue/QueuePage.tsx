import { Badge, SimpleGrid, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { adminShowQueueOptions, type QueueStateView } from "@/shared/api";
import { ago, number } from "@/shared/format";
import { PageHeader } from "@/shared/ui";
import { Ago } from "../parts/Ago";
import { DataTable } from "../parts/DataTable";
import { Loaded } from "../parts/Loaded";
import { Panel } from "../parts/Panel";
import { Tile } from "../parts/Tile";
import { StuckJobs } from "./StuckJobs";
import { WaitingSteps } from "./WaitingSteps";

/** How much waits, since when, and for what. */
export function QueuePage() {
  const queue = useQuery({ ...adminShowQueueOptions({ query: { limit: 50 } }), refetchInterval: 5000 });
  return (
    <>
      <PageHeader title="Queue" />
      <Loaded query={queue} rows={8}>
        {(found) => (
          <>
            <Tiles queue={found} />
            <WaitingSteps steps={found.next} />
            <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md">
              <Depths queue={found} />
              <Kinds queue={found} />
            </SimpleGrid>
          </>
        )}
      </Loaded>
      <StuckJobs />
    </>
  );
}

function Tiles({ queue }: { queue: QueueStateView }) {
  const oldest = queue.priorities.map((one) => one.oldest).sort()[0];
  return (
    <SimpleGrid cols={{ base: 2, sm: 4 }} mb="md" spacing={{ base: "xs", sm: "md" }}>
      <Tile
        label="Waiting"
        value={number(queue.jobs.queued ?? 0)}
        note={oldest === undefined ? "nothing waits" : `oldest ${ago(oldest)}`}
      />
      <Tile label="Running" value={number(queue.jobs.running ?? 0)} />
      <Tile label="Paused" value={number(queue.jobs.paused ?? 0)} />
      <Tile label="Kept by commands" value={number(queue.foreground)} note="steps run in a foreground" />
    </SimpleGrid>
  );
}

function Depths({ queue }: { queue: QueueStateView }) {
  return (
    <Panel title="By priority">
      {queue.priorities.length === 0 ? (
        <Text c="dimmed">No job waits.</Text>
      ) : (
        <DataTable
          name="By priority"
          rows={queue.priorities}
          keyOf={({ priority }) => priority}
          columns={[
            { label: "Priority", cell: ({ priority }) => priority },
            { label: "Jobs", figure: true, cell: ({ waiting }) => number(waiting) },
            { label: "Oldest", cell: ({ oldest }) => <Ago at={oldest} /> },
          ]}
        />
      )}
    </Panel>
  );
}

function Kinds({ queue }: { queue: QueueStateView }) {
  return (
    <Panel title="By what is needed">
      {queue.kinds.length === 0 ? (
        <Text c="dimmed">No step waits.</Text>
      ) : (
        <DataTable
          name="By what is needed"
          rows={queue.kinds}
          keyOf={({ resource, requires }) => `${resource} ${requires.join(" ")}`}
          columns={[
            { label: "Needs", cell: ({ resource, requires }) => [resource, ...requires].join(", ") },
            { label: "Steps", figure: true, cell: ({ waiting }) => number(waiting) },
            {
              label: "Workers able",
              figure: true,
              cell: ({ able }) => (able === 0 ? <Badge color="red">none</Badge> : number(able)),
            },
          ]}
        />
      )}
    </Panel>
  );
}
