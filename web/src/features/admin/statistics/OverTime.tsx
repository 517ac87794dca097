import { Text } from "@mantine/core";
import type { GroupView } from "@/shared/api";
import { day, moment, number } from "@/shared/format";
import { DataTable } from "../parts/DataTable";
import { BarChart, type Series } from "./BarChart";
import { ChartOrTable } from "./ChartOrTable";

const SERIES: ReadonlyArray<Series<GroupView>> = [
  { name: "Completed", look: "completed", value: ({ completed }) => completed },
  { name: "Failed", look: "failed", value: ({ failed }) => failed },
  { name: "Cancelled", look: "cancelled", value: ({ cancelled }) => cancelled },
];

/** How jobs ended, hour by hour or day by day. */
export function OverTime({ groups, by }: { groups: readonly GroupView[]; by: "hour" | "day" }) {
  const labelOf = ({ begins_at, name }: GroupView) =>
    begins_at === null ? name : by === "hour" ? hour(begins_at) : shortDay(begins_at);
  const whole = ({ begins_at, name }: GroupView) =>
    begins_at === null ? name : by === "hour" ? moment(begins_at) : day(begins_at);
  const ended = groups.reduce((sum, group) => sum + group.ended, 0);
  const failed = groups.reduce((sum, group) => sum + group.failed, 0);
  if (ended === 0) {
    return (
      <ChartOrTable
        title="Jobs over time"
        chart={<Text c="dimmed">No job ended in this time.</Text>}
        table={<Text c="dimmed">No job ended in this time.</Text>}
      />
    );
  }
  return (
    <ChartOrTable
      title="Jobs over time"
      says={by === "hour" ? "By the hour in which they ended" : "By the day (UTC) on which they ended"}
      chart={
        <BarChart
          says={`Jobs by ${by}: ${number(ended)} ended, ${number(failed)} of them failed. The table has all figures.`}
          rows={groups}
          labelOf={labelOf}
          write={(value) => number(value, 1)}
          series={SERIES}
        />
      }
      table={
        <DataTable
          name="Jobs over time"
          rows={groups.filter((group) => group.ended > 0)}
          keyOf={({ key }) => key}
          columns={[
            { label: by === "hour" ? "Hour" : "Day", cell: whole },
            ...SERIES.map(({ name, value }) => ({
              label: name,
              figure: true,
              cell: (row: GroupView) => number(value(row)),
            })),
          ]}
        />
      }
    />
  );
}

function hour(iso: string): string {
  return new Intl.DateTimeFormat(navigator.language, { hour: "2-digit", minute: "2-digit" }).format(
    new Date(iso),
  );
}

function shortDay(iso: string): string {
  // The days are UTC's; said in another zone they would be the days before.
  return new Intl.DateTimeFormat(navigator.language, {
    day: "numeric",
    month: "short",
    timeZone: "UTC",
  }).format(new Date(iso));
}
