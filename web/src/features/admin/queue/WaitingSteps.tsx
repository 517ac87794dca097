import { Badge, Text, Tooltip } from "@mantine/core";
import type { WaitingView, Why } from "@/shared/api";
import { ago } from "@/shared/format";
import { Ago } from "../parts/Ago";
import { DataTable } from "../parts/DataTable";
import { JobLink } from "../parts/JobLink";
import { Panel } from "../parts/Panel";

const WHY: Record<Why, { says: string; color: string; more: string }> = {
  its_turn: { says: "Its turn", color: "gray", more: "Workers are busy with what comes before." },
  another_try: { says: "Another try", color: "yellow", more: "It failed for a reason that may pass." },
  no_worker: { says: "No worker", color: "red", more: "No worker is there that takes work of this kind." },
  no_encoder: { says: "No encoder", color: "red", more: "The workers that are there lack what it needs." },
};

/** The next steps, in the order in which they will be taken, and what each waits for. */
export function WaitingSteps({ steps }: { steps: readonly WaitingView[] }) {
  return (
    <Panel title="Next" says="In the order in which workers will take them">
      {steps.length === 0 ? (
        <Text c="dimmed">Nothing waits: whatever is asked for now begins at once.</Text>
      ) : (
        <DataTable
          name="Next steps"
          rows={steps.map((step, index) => ({ ...step, index }))}
          keyOf={({ index }) => index}
          columns={[
            { label: "Job", cell: ({ job_id, title }) => <JobLink id={job_id} title={title} /> },
            { label: "Owner", cell: ({ owner }) => owner },
            { label: "Priority", figure: true, cell: ({ priority }) => priority },
            { label: "Needs", cell: ({ resource, requires }) => [resource, ...requires].join(", ") },
            { label: "Since", cell: ({ since }) => <Ago at={since} never="–" /> },
            { label: "Waits for", cell: (step) => <Reason step={step} /> },
          ]}
        />
      )}
    </Panel>
  );
}

function Reason({ step }: { step: WaitingView }) {
  const { says, color, more } = WHY[step.why];
  const when = step.why === "another_try" && step.not_before !== null ? ` ${ago(step.not_before)}` : "";
  return (
    <Tooltip label={more}>
      <Badge color={color} variant={color === "gray" ? "light" : "filled"}>
        {says}
        {when}
      </Badge>
    </Tooltip>
  );
}
