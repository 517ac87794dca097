import { Group, Paper, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";

type Props = { title: string; says?: ReactNode; actions?: ReactNode; children: ReactNode };

/** A part of a page under a heading of its own. */
export function Panel({ title, says, actions, children }: Props) {
  return (
    <Paper
      component="section"
      aria-label={title}
      withBorder
      p={{ base: "sm", sm: "md" }}
      mb="md"
      bg="var(--framemill-surface)"
    >
      <Group justify="space-between" mb="sm" gap="xs">
        <div>
          <Title order={2} size="h5">
            {title}
          </Title>
          {says !== undefined && (
            <Text size="sm" c="dimmed" component="div">
              {says}
            </Text>
          )}
        </div>
        {actions !== undefined && <Group gap="xs">{actions}</Group>}
      </Group>
      {children}
    </Paper>
  );
}
