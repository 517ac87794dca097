import { SegmentedControl, Text } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type CostLineView, type CostsView, statsCostsOptions } from "@/shared/api";
import { bytes, number } from "@/shared/format";
import { DataTable } from "../parts/DataTable";
import { Loaded } from "../parts/Loaded";
import { BarList } from "./BarList";
import { ChartOrTable } from "./ChartOrTable";
import { money } from "./money";

type By = "workspace" | "user";
type Props = {
  query: { last?: string; since?: string; until?: string; workspace?: string };
  /** Whether there is more than one to tell apart. */
  byWorkspace: boolean;
};

/** What workspaces and users cost, the dearest first. */
export function CostPanel({ query, byWorkspace }: Props) {
  const [by, setBy] = useState<By>("workspace");
  const costs = useQuery({
    ...statsCostsOptions({ query: { ...query, by } }),
    placeholderData: keepPreviousData,
  });
  return (
    <ChartOrTable
      title="Cost"
      says={
        by === "workspace"
          ? "Computing, and what was kept and sent out on these days"
          : "Computing, and keeping results for a month and sending them once"
      }
      actions={
        <SegmentedControl
          size="xs"
          aria-label="Cost of whom"
          value={by}
          onChange={(value) => setBy(value === "user" ? "user" : "workspace")}
          data={[
            { value: "workspace", label: byWorkspace ? "Workspaces" : "Workspace" },
            { value: "user", label: "Users" },
          ]}
        />
      }
      chart={<Loaded query={costs}>{(found) => <Bars costs={found} />}</Loaded>}
      table={<Loaded query={costs}>{(found) => <Lines costs={found} by={by} />}</Loaded>}
    />
  );
}

function Bars({ costs: { lines, total, currency } }: { costs: CostsView }) {
  if (lines.length === 0) return <Text c="dimmed">Nothing was spent in this time.</Text>;
  return (
    <BarList
      says={`Cost: ${money(total.total, currency)} in all. The table has all figures.`}
      rows={lines.slice(0, 12)}
      keyOf={({ id }) => id}
      nameOf={nameOf}
      write={(value) => money(value, currency)}
      series={[
        { name: "Computing", look: "compute", value: ({ spent }) => spent.compute },
        { name: "Storage", look: "storage", value: ({ spent }) => spent.storage },
        { name: "Sending", look: "bandwidth", value: ({ spent }) => spent.bandwidth },
      ]}
    />
  );
}

function Lines({ costs: { lines, currency }, by }: { costs: CostsView; by: By }) {
  if (lines.length === 0) return <Text c="dimmed">Nothing was spent in this time.</Text>;
  const sum = (label: string, value: (line: CostLineView) => number) => ({
    label,
    figure: true,
    cell: (line: CostLineView) => money(value(line), currency),
  });
  return (
    <DataTable
      name="Cost"
      rows={lines}
      keyOf={({ id }) => id}
      columns={[
        { label: by === "user" ? "User" : "Workspace", cell: nameOf },
        { label: "Jobs", figure: true, cell: ({ jobs }) => number(jobs) },
        sum("Computing", ({ spent }) => spent.compute),
        sum("Storage", ({ spent }) => spent.storage),
        sum("Sending", ({ spent }) => spent.bandwidth),
        sum("Total", ({ spent }) => spent.total),
        {
          label: "Sent out",
          figure: true,
          cell: ({ egress_bytes }) => (egress_bytes === null ? "–" : bytes(egress_bytes)),
        },
      ]}
    />
  );
}

function nameOf({ name, id }: CostLineView): string {
  return name || id || "no workspace";
}
