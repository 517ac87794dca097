import { Paper, Text } from "@mantine/core";
import type { ReactNode } from "react";

type Props = { label: string; value: ReactNode; note?: ReactNode };

/** One figure, and what it is. */
export function Tile({ label, value, note }: Props) {
  return (
    <Paper withBorder p="md" bg="var(--framemill-surface)">
      <Text size="xs" c="dimmed" fw={500}>
        {label}
      </Text>
      <Text fz={26} fw={640} lh={1.3} data-figures>
        {value}
      </Text>
      <Text size="xs" c="dimmed" mih={18} component="div">
        {note}
      </Text>
    </Paper>
  );
}
