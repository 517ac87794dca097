import { Button, Code, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { type ReactNode, type SubmitEvent, useState } from "react";

type Props = {
  title: string;
  /** What has to be typed; without it a press is enough. */
  name?: string;
  does: string;
  busy: boolean;
  onConfirm: () => void;
  onClose: () => void;
  children: ReactNode;
};

/** Asks before what cannot be taken back. Shown while it is mounted. */
export function Confirm({ title, name, does, busy, onConfirm, onClose, children }: Props) {
  const [typed, setTyped] = useState("");
  function submit(event: SubmitEvent) {
    event.preventDefault();
    onConfirm();
  }
  return (
    <Modal opened onClose={onClose} title={title}>
      <Stack component="form" onSubmit={submit}>
        <Text size="sm" component="div">
          {children}
        </Text>
        {name !== undefined && (
          <TextInput
            label={
              <>
                Type <Code>{name}</Code> to go on
              </>
            }
            value={typed}
            autoComplete="off"
            data-autofocus
            onChange={(event) => setTyped(event.currentTarget.value)}
          />
        )}
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Leave it
          </Button>
          <Button type="submit" color="red" loading={busy} disabled={name !== undefined && typed !== name}>
            {does}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
