import { Button, Menu } from "@mantine/core";
import {
  IconChevronDown,
  IconCopy,
  IconPlayerPause,
  IconPlayerPlay,
  IconRefresh,
  IconX,
} from "@tabler/icons-react";
import type { JobDetailView } from "@/shared/api";
import { useMay, useSelf } from "@/shared/session";
import { PageButton } from "../links";
import { can, type Steer, useSteering } from "../steering";

const PRIORITIES = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
const BUTTONS: ReadonlyArray<readonly [Steer, string, typeof IconX]> = [
  ["pause", "Pause", IconPlayerPause],
  ["resume", "Go on", IconPlayerPlay],
  ["retry", "Retry", IconRefresh],
  ["cancel", "Cancel", IconX],
];

/** What may be done with the job as it stands. */
export function JobActions({ job }: { job: JobDetailView }) {
  const { run, pending, how, prioritise } = useSteering();
  const mayWork = useMay("operator", job.workspace_id);
  const { admin } = useSelf();
  if (!mayWork) return null;
  const ended = ["completed", "failed", "cancelled"].includes(job.state);
  return (
    <>
      {admin && !ended && (
        <Menu position="bottom-end">
          <Menu.Target>
            <Button
              variant="default"
              rightSection={<IconChevronDown size={14} />}
              loading={prioritise.isPending}
            >
              Priority {job.priority}
            </Button>
          </Menu.Target>
          <Menu.Dropdown>
            {PRIORITIES.toReversed().map((priority) => (
              <Menu.Item
                key={priority}
                disabled={priority === job.priority}
                onClick={() => prioritise.mutate({ id: job.id, priority })}
              >
                {priority}
                {priority === 10 ? ", the most urgent" : ""}
              </Menu.Item>
            ))}
          </Menu.Dropdown>
        </Menu>
      )}
      {BUTTONS.filter(([steer]) => can(steer, job.state)).map(([steer, label, Icon]) => (
        <Button
          key={steer}
          variant="default"
          leftSection={<Icon size={16} />}
          loading={pending && how === steer}
          // Of a job just cancelled the programs end first.
          disabled={steer === "retry" && job.tasks.some(({ state }) => state === "leased")}
          onClick={() => run(steer, [job])}
        >
          {label}
        </Button>
      ))}
      {ended && (
        <PageButton
          to="/new-job"
          search={{ from: job.id }}
          variant="default"
          leftSection={<IconCopy size={16} />}
        >
          Change and run again
        </PageButton>
      )}
    </>
  );
}
