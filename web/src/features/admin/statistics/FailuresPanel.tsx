import { SegmentedControl, Text } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type GroupView, statsShowOptions } from "@/shared/api";
import { number, percent, span } from "@/shared/format";
import { useSelf } from "@/shared/session";
import { DataTable } from "../parts/DataTable";
import { Loaded } from "../parts/Loaded";
import { Panel } from "../parts/Panel";

const BY = [
  { value: "operation", label: "Operations" },
  { value: "user", label: "Users" },
  { value: "worker", label: "Workers" },
] as const;
type By = (typeof BY)[number]["value"];
type Props = { query: { last?: string; since?: string; until?: string; workspace?: string } };

/** Where jobs fail and how long they take, by what was asked for, by whom, and by who worked. */
export function FailuresPanel({ query }: Props) {
  const self = useSelf();
  const [by, setBy] = useState<By>("operation");
  const stats = useQuery({
    ...statsShowOptions({ query: { ...query, by } }),
    placeholderData: keepPreviousData,
  });
  return (
    <Panel
      title="Failures and times"
      says="The most failures first"
      actions={
        <SegmentedControl
          size="xs"
          aria-label="Failures by"
          value={by}
          onChange={(value) => setBy(BY.find((one) => one.value === value)?.value ?? "operation")}
          // Who worked are names of machines.
          data={BY.filter(({ value }) => value !== "worker" || self.admin)}
        />
      }
    >
      <Loaded query={stats}>
        {({ groups }) =>
          groups.length === 0 ? (
            <Text c="dimmed">No job ended in this time.</Text>
          ) : (
            <DataTable
              name="Failures and times"
              rows={groups.toSorted((one, other) => other.failed - one.failed || other.ended - one.ended)}
              keyOf={({ key }) => key}
              columns={[
                { label: "Name", cell: ({ name, key }) => name || key || "none" },
                { label: "Ended", figure: true, cell: ({ ended }) => number(ended) },
                { label: "Failed", figure: true, cell: (group) => <Failed group={group} /> },
                {
                  label: "Succeeded",
                  figure: true,
                  cell: ({ success_rate: rate }) => (rate === null ? "–" : percent(rate * 100)),
                },
                { label: "Mean", figure: true, cell: ({ times }) => (times ? span(times.mean_ms) : "–") },
                { label: "95 %", figure: true, cell: ({ times }) => (times ? span(times.p95_ms) : "–") },
              ]}
            />
          )
        }
      </Loaded>
    </Panel>
  );
}

function Failed({ group: { failed } }: { group: GroupView }) {
  return (
    <Text
      span
      size="sm"
      fw={failed > 0 ? 600 : undefined}
      c={failed > 0 ? "var(--mantine-color-error)" : undefined}
    >
      {number(failed)}
    </Text>
  );
}
