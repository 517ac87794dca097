import { SimpleGrid, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import {
  adminListStuckOptions,
  adminShowStorageOptions,
  healthConditionOptions,
  statsShowOptions,
} from "@/shared/api";
import { bytes, number, percent, span } from "@/shared/format";
import { PageHeader } from "@/shared/ui";
import { Loaded } from "../parts/Loaded";
import { TextLink } from "../parts/links";
import { Tile } from "../parts/Tile";
import { HealthPanel } from "./HealthPanel";
import { WorkersAtAGlance } from "./WorkersAtAGlance";

/** Whether all is well, at a glance, and where to look where it is not. */
export function OverviewPage() {
  const condition = useQuery({ ...healthConditionOptions(), refetchInterval: 10_000 });
  const day = useQuery({ ...statsShowOptions({ query: { last: "24h" } }), refetchInterval: 60_000 });
  const storage = useQuery(adminShowStorageOptions());
  const stuck = useQuery({ ...adminListStuckOptions(), refetchInterval: 60_000 });
  const jobs = condition.data?.jobs;
  const workers = condition.data?.workers;
  const rate = day.data?.all.success_rate;
  return (
    <>
      <PageHeader title="Overview">
        {condition.data !== undefined && (
          <Text size="sm" c="dimmed">
            Framemill {condition.data.version}, up {span(condition.data.uptime_s * 1000)}
          </Text>
        )}
      </PageHeader>
      <Loaded query={condition} rows={3}>
        {() => (
          <SimpleGrid cols={{ base: 2, sm: 3, xl: 6 }} mb="md" spacing={{ base: "xs", sm: "md" }}>
            <Tile
              label="Jobs waiting"
              value={number(jobs?.queued ?? 0)}
              note={
                <TextLink to="/admin/queue" size="xs">
                  The queue
                </TextLink>
              }
            />
            <Tile
              label="Jobs running"
              value={number(jobs?.running ?? 0)}
              note={pausedNote(jobs?.paused ?? 0)}
            />
            <Tile
              label="Workers"
              value={number(workers?.active ?? 0)}
              note={workers?.draining ? `${workers.draining} draining` : "taking steps"}
            />
            <Tile
              label="Succeeded, 24 h"
              value={rate === undefined || rate === null ? "–" : percent(rate * 100)}
              note={day.data && `${number(day.data.all.failed)} failed of ${number(day.data.all.ended)}`}
            />
            <Tile
              label="Stored"
              value={storage.data === undefined ? "–" : bytes(storage.data.bytes)}
              note={storage.data && `${number(storage.data.objects)} objects`}
            />
            <Tile
              label="Stuck jobs"
              value={stuck.data === undefined ? "–" : number(stuck.data.length)}
              note="silent for long"
            />
          </SimpleGrid>
        )}
      </Loaded>
      <HealthPanel />
      <WorkersAtAGlance />
    </>
  );
}

function pausedNote(paused: number): string {
  return paused > 0 ? `${number(paused)} paused` : "none paused";
}
