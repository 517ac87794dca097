import { Button, Group, Text } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { problemOf } from "@/shared/api";

const SHOWN_MS = 5000;
/** Long enough to read it, decide, and reach the button. */
const UNDO_MS = 10_000;

type Options = { undo?: () => void };

/** Short words on what happened, at the edge of the page. */
export const toast = {
  /** It is done; with `undo` there is a button that takes it back. */
  done(message: string, { undo }: Options = {}): void {
    const id = notifications.show({
      message: undo === undefined ? message : <Undoable message={message} undo={() => takeBack()} />,
      color: "mill",
      closeButtonProps: { "aria-label": "Close" },
      autoClose: undo === undefined ? SHOWN_MS : UNDO_MS,
    });
    function takeBack() {
      notifications.hide(id);
      undo?.();
    }
  },

  /** It could not be done, and why. */
  problem(error: unknown): void {
    const problem = problemOf(error);
    notifications.show({
      title: problem.message,
      message: `${problem.hint ?? ""} (${problem.code})`.trim(),
      color: "red",
      closeButtonProps: { "aria-label": "Close" },
      autoClose: UNDO_MS,
    });
  },
};

function Undoable({ message, undo }: { message: string; undo: () => void }) {
  return (
    <Group justify="space-between" wrap="nowrap">
      <Text size="sm">{message}</Text>
      <Button size="compact-sm" variant="subtle" onClick={undo}>
        Undo
      </Button>
    </Group>
  );
}
