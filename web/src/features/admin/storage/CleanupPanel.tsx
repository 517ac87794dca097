import { Button, Group, NumberInput, Stack, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { adminCleanUpMutation, apiQueries, type CleanupView } from "@/shared/api";
import { number } from "@/shared/format";
import { ProblemNote, toast } from "@/shared/ui";
import { Confirm } from "../parts/Confirm";
import { Panel } from "../parts/Panel";

type What = ("uploads" | "jobs")[];
const WHAT: What = ["uploads", "jobs"];

/** Uploads that nobody comes back to and records of old jobs: says first what would go. */
export function CleanupPanel() {
  const queries = useQueryClient();
  const [days, setDays] = useState<number | string>(30);
  const [asking, setAsking] = useState(false);
  const trial = useMutation(adminCleanUpMutation());
  const clean = useMutation({
    ...adminCleanUpMutation(),
    onError: toast.problem,
    onSuccess: (done) => {
      toast.done(`Cleared up: ${summary(done)}.`);
      trial.reset();
    },
    onSettled: () => {
      setAsking(false);
      return queries.invalidateQueries(apiQueries("adminShowStorage", "jobsList"));
    },
  });
  const body = { what: WHAT, older_than: `${days || 30}d` };
  const found = trial.data;
  return (
    <Panel
      title="Clear up"
      says="Uploads that nobody comes back to, and records of jobs that ended long ago."
    >
      <Group align="flex-end" gap="xs">
        <NumberInput
          label="Jobs that ended more than"
          suffix=" days ago"
          w={240}
          min={1}
          max={3650}
          allowDecimal={false}
          value={days}
          onChange={(value) => {
            trial.reset();
            setDays(value);
          }}
        />
        <Button
          variant="default"
          loading={trial.isPending}
          onClick={() => trial.mutate({ body: { ...body, dry_run: true } })}
        >
          What would go?
        </Button>
      </Group>
      {trial.error !== null && <ProblemNote error={trial.error} />}
      {found !== undefined && (
        <Stack mt="md" align="flex-start">
          <Text size="sm" fw={600} role="status">
            Would go: {summary(found)}
          </Text>
          {((found.jobs ?? 0) > 0 || (found.uploads ?? 0) > 0) && (
            <Button color="red" variant="light" onClick={() => setAsking(true)}>
              Clear it up
            </Button>
          )}
        </Stack>
      )}
      {asking && found !== undefined && (
        <Confirm
          title="Clear this up?"
          does="Clear it up"
          busy={clean.isPending}
          onClose={() => setAsking(false)}
          onConfirm={() => clean.mutate({ body: { ...body, dry_run: false } })}
        >
          {summary(found)} go for ever. Videos and what was made from them stay.
        </Confirm>
      )}
    </Panel>
  );
}

function summary({ uploads, jobs }: CleanupView): string {
  return `${number(uploads ?? 0)} uploads and the records of ${number(jobs ?? 0)} jobs`;
}
