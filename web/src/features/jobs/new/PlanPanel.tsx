import { Accordion, Alert, Card, Group, List, Loader, Stack, Text, Title } from "@mantine/core";
import { bytes, number, span } from "@/shared/format";
import { ProblemNote, RowsSkeleton } from "@/shared/ui";
import { CopyBox } from "../CopyBox";
import { type Estimate, isUnfilled, type PlanStep, shown, type usePlan } from "./planning";

/** What the job would do, before it does it. */
export function PlanPanel({ found, ready }: { found: ReturnType<typeof usePlan>; ready: boolean }) {
  const { data, error, isFetching } = found;
  const unfilled = isUnfilled(error);
  return (
    <Card withBorder component="section" aria-labelledby="plan" aria-busy={isFetching}>
      <Stack gap="sm">
        <Group justify="space-between" mih={24}>
          <Title order={2} size="h5" id="plan">
            Plan
          </Title>
          {isFetching && <Loader size="xs" aria-label="Planning" />}
        </Group>
        {!ready && (
          <Text size="sm" c="dimmed">
            Choose a video and what is to be done: its steps, commands, time and size appear here before
            anything runs.
          </Text>
        )}
        {ready && unfilled && (
          <Text size="sm" c="dimmed">
            Fill in what is marked with *: the plan appears here then.
          </Text>
        )}
        {ready && error !== null && !unfilled && <ProblemNote error={error} onRetry={found.refetch} />}
        {ready && error === null && data === undefined && <RowsSkeleton count={3} />}
        {ready && error === null && data !== undefined && (
          <>
            <Figures estimate={data.estimate} />
            {data.plan.warnings.map((warning) => (
              <Alert key={warning} color="yellow" p="xs">
                {warning}
              </Alert>
            ))}
            <Steps steps={data.plan.steps} />
            {data.plan.notes.length > 0 && (
              <List size="xs" c="dimmed" spacing={2}>
                {data.plan.notes.map((note) => (
                  <List.Item key={note}>{note}</List.Item>
                ))}
              </List>
            )}
          </>
        )}
      </Stack>
    </Card>
  );
}

function Figures({ estimate }: { estimate: Estimate }) {
  const { cost } = estimate;
  return (
    <Group gap="lg">
      <Figure name="Takes about" value={span(Math.max(1000, estimate.wall_ms))} />
      <Figure name="Makes about" value={bytes(estimate.output_bytes)} />
      {cost.total > 0 && <Figure name="Costs about" value={`${number(cost.total, 4)} ${cost.currency}`} />}
    </Group>
  );
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <Text size="xs" c="dimmed">
        {name}
      </Text>
      <Text fw={640}>{value}</Text>
    </div>
  );
}

function Steps({ steps }: { steps: PlanStep[] }) {
  if (steps.length === 0) {
    return (
      <Text size="sm" c="dimmed">
        Everything is there already: nothing has to be made.
      </Text>
    );
  }
  return (
    <Accordion variant="contained" chevronPosition="left">
      {steps.map((step, place) => (
        <Accordion.Item key={step.key} value={step.key}>
          <Accordion.Control>
            <Text size="sm">
              {place + 1}. {step.title}
            </Text>
          </Accordion.Control>
          <Accordion.Panel>
            <Stack gap="xs">
              {step.commands.map(shown).map((command) => (
                <CopyBox key={command} text={command} label="command" />
              ))}
            </Stack>
          </Accordion.Panel>
        </Accordion.Item>
      ))}
    </Accordion>
  );
}
