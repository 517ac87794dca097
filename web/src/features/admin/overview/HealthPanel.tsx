import { Badge, Group, SimpleGrid, Stack, Text } from "@mantine/core";
import {
  IconAlertTriangle,
  IconCircleCheck,
  IconCircleDashed,
  IconCircleX,
  type TablerIcon,
} from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { Part } from "@/shared/api";
import { Loaded } from "../parts/Loaded";
import { Panel } from "../parts/Panel";
import { readyOptions } from "./ready";

const NAMES: Record<string, string> = {
  database: "Database",
  storage: "Storage",
  ffmpeg: "ffmpeg",
  disk: "Disk",
  broker: "Broker",
  workers: "Workers",
};
const STATES: Record<Part["state"], { says: string; color: string; Icon: TablerIcon }> = {
  ok: { says: "Well", color: "mill", Icon: IconCircleCheck },
  off: { says: "Not in use", color: "gray", Icon: IconCircleDashed },
  degraded: { says: "Work waits", color: "yellow", Icon: IconAlertTriangle },
  down: { says: "Down", color: "red", Icon: IconCircleX },
};

/** Everything that work needs: whether it is there, and how fast it answers. */
export function HealthPanel() {
  const ready = useQuery(readyOptions());
  return (
    <Panel
      title="Health"
      says="Looked at every 15 seconds"
      actions={ready.data !== undefined && <Verdict parts={ready.data.parts} />}
    >
      <Loaded query={ready} rows={2}>
        {({ parts }) => (
          <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }} spacing="xs" component="ul" p={0} m={0}>
            {parts.map((part) => (
              <PartLine key={part.name} part={part} />
            ))}
          </SimpleGrid>
        )}
      </Loaded>
    </Panel>
  );
}

function Verdict({ parts }: { parts: readonly Part[] }) {
  if (parts.some(({ state }) => state === "down")) return <Badge color="red">Not ready</Badge>;
  if (parts.some(({ state }) => state === "degraded")) return <Badge color="yellow">Work waits</Badge>;
  return <Badge variant="light">All is well</Badge>;
}

function PartLine({ part }: { part: Part }) {
  const { says, color, Icon } = STATES[part.state];
  return (
    <Group component="li" gap="sm" wrap="nowrap" align="flex-start" py={6} display="flex">
      <Icon size={22} color={`var(--mantine-color-${color}-6)`} aria-hidden />
      <Stack gap={0}>
        <Text size="sm" fw={600}>
          {NAMES[part.name] ?? part.name}
        </Text>
        <Text size="xs" c="dimmed" data-figures>
          {says}
          {part.code ? ` (${part.code})` : ""}
          {part.state === "off" ? "" : ` · ${part.latency_ms} ms`}
        </Text>
      </Stack>
    </Group>
  );
}
