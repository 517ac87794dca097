import { Card, Group, SimpleGrid, Stack, Text, TextInput, Title, UnstyledButton } from "@mantine/core";
import { IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { operationsListOptions, pipelinesListOptions } from "@/shared/api";
import { EmptyState, ProblemNote, RowsSkeleton } from "@/shared/ui";
import { labelOf } from "../form/schema";
import { catalogue, type Entry } from "./catalogue";
import type { Work } from "./draft";
import classes from "./WorkPicker.module.css";

/** The catalogue: what can be done, by what it is about, each with its sentence. */
export function WorkPicker({ onPick }: { onPick: (work: Work) => void }) {
  const operations = useQuery({ ...operationsListOptions(), staleTime: Number.POSITIVE_INFINITY });
  const pipelines = useQuery({ ...pipelinesListOptions(), staleTime: Number.POSITIVE_INFINITY });
  const [wanted, setWanted] = useState("");
  const failed = operations.error ?? pipelines.error;
  const shelves = catalogue(operations.data ?? [], pipelines.data ?? [], wanted);
  return (
    <Card withBorder component="section" aria-labelledby="work">
      <Stack gap="md">
        <Group justify="space-between">
          <Title order={2} size="h5" id="work">
            What is to be done?
          </Title>
          <TextInput
            aria-label="Search the catalogue"
            placeholder="cut, sound, smaller…"
            leftSection={<IconSearch size={16} aria-hidden />}
            value={wanted}
            onChange={({ currentTarget: { value } }) => setWanted(value)}
          />
        </Group>
        {failed !== null && <ProblemNote error={failed} onRetry={() => operations.refetch()} />}
        {(operations.isPending || pipelines.isPending) && <RowsSkeleton />}
        {operations.data && shelves.length === 0 && (
          <EmptyState title="Nothing by these words">
            Try what comes out: audio, clip, gif, smaller.
          </EmptyState>
        )}
        {shelves.map(({ title, entries }) => (
          <Stack key={title} gap={6}>
            <Title order={3} size="h6" c="dimmed">
              {title}
            </Title>
            <SimpleGrid cols={{ base: 1, sm: 2, lg: 3 }} spacing="xs" verticalSpacing="xs">
              {entries.map((entry) => (
                <Choice key={`${entry.is} ${entry.name}`} entry={entry} onPick={onPick} />
              ))}
            </SimpleGrid>
          </Stack>
        ))}
      </Stack>
    </Card>
  );
}

function Choice({ entry: { is, name, summary }, onPick }: { entry: Entry; onPick: (work: Work) => void }) {
  return (
    <UnstyledButton className={classes.choice} onClick={() => onPick({ is, name })}>
      <Text size="sm" fw={600}>
        {labelOf(name)}
      </Text>
      <Text size="xs" c="dimmed">
        {summary}
      </Text>
    </UnstyledButton>
  );
}
