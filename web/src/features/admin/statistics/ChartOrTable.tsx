import { SegmentedControl } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { Panel } from "../parts/Panel";

type Props = { title: string; says?: string; actions?: ReactNode; chart: ReactNode; table: ReactNode };

/** The same figures as a picture or as a table. */
export function ChartOrTable({ title, says, actions, chart, table }: Props) {
  const [form, setForm] = useState("chart");
  return (
    <Panel
      title={title}
      says={says}
      actions={
        <>
          {actions}
          <SegmentedControl
            size="xs"
            aria-label={`Form of ${title}`}
            value={form}
            onChange={setForm}
            data={[
              { value: "chart", label: "Chart" },
              { value: "table", label: "Table" },
            ]}
          />
        </>
      }
    >
      {form === "chart" ? chart : table}
    </Panel>
  );
}
