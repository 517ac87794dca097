import { Button, Group, Modal, Stack } from "@mantine/core";
import type { ReactNode, SubmitEvent } from "react";
import { ProblemNote } from "@/shared/ui";

type Props = {
  title: string;
  /** What the button says. */
  does: string;
  busy: boolean;
  disabled?: boolean;
  /** What was refused, null where nothing was. */
  problem: unknown;
  onSubmit: () => void;
  onClose: () => void;
  children: ReactNode;
};

/** A few fields, and a button that sends them. Shown while it is mounted. */
export function FormDialog({ title, does, busy, disabled, problem, onSubmit, onClose, children }: Props) {
  function submit(event: SubmitEvent) {
    event.preventDefault();
    onSubmit();
  }
  return (
    <Modal opened onClose={onClose} title={title}>
      <Stack component="form" onSubmit={submit}>
        {problem !== null && <ProblemNote error={problem} />}
        {children}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={busy} disabled={disabled}>
            {does}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
