import { Stack, Text } from "@mantine/core";
import type { RetentionView } from "@/shared/api";
import { bytes, number } from "@/shared/format";
import { DataTable } from "../parts/DataTable";

const SHOWN = 50;

/** What rules take, or took. */
export function Removals({ found }: { found: RetentionView }) {
  if (found.removals.length === 0) return <Text size="sm">Nothing goes: all of it is kept.</Text>;
  const count = `${number(found.removals.length)}${found.more ? " or more" : ""}`;
  return (
    <Stack gap="xs">
      <Text size="sm" fw={600} role="status">
        {found.dry_run ? "Would go" : "Went"}: {count} things, {bytes(found.bytes)}
        {found.removals.length > SHOWN ? `; the first ${SHOWN}:` : ""}
      </Text>
      <DataTable
        name="What goes"
        rows={found.removals.slice(0, SHOWN).map((one, index) => ({ ...one, index }))}
        keyOf={({ index }) => index}
        columns={[
          { label: "Video", cell: ({ title }) => title },
          { label: "What", cell: ({ what, name }) => (what === "artifact" ? name : what) },
          { label: "Size", figure: true, cell: (one) => bytes(one.bytes) },
          { label: "Why", cell: ({ reason, kept }) => (kept === null ? reason : `kept: ${kept}`) },
        ]}
      />
    </Stack>
  );
}
