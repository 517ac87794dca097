import { Alert, Button, Group, SegmentedControl, Stack, Switch, Text } from "@mantine/core";
import { IconScissors } from "@tabler/icons-react";
import { bytes, span } from "@/shared/format";
import { ProblemNote } from "@/shared/ui";
import type { Mode, useCutPlan } from "./plan";

const MODES = [
  { value: "copy", label: "Fast" },
  { value: "smart", label: "Smart" },
  { value: "encode", label: "Exact" },
] as const;
const MEANING: Record<Mode, string> = {
  copy: "Nothing is encoded. A clip can only begin at a keyframe, so it may begin earlier.",
  smart: "Exact. Only the pictures next to each cut are encoded, the rest is copied.",
  encode: "Exact. Every picture is encoded anew, which takes longest.",
};

type Props = {
  /** How many ranges there are. */
  count: number;
  mode: Mode;
  onMode: (mode: Mode) => void;
  joined: boolean;
  onJoined: (joined: boolean) => void;
  plan: ReturnType<typeof useCutPlan>;
  busy: boolean;
  onCut: () => void;
};

/** How the ranges are cut, what that would give, and the button that does it. */
export function CutOrder({ count, mode, onMode, joined, onJoined, plan, busy, onCut }: Props) {
  const planned = count > 0 ? plan.data : undefined;
  return (
    <Stack gap="xs">
      <SegmentedControl aria-label="How to cut" data={[...MODES]} value={mode} onChange={onMode} />
      <Text size="xs" c="dimmed" mih={34}>
        {MEANING[mode]}
      </Text>
      <Switch
        label="Join the ranges into one file"
        checked={joined}
        onChange={(event) => onJoined(event.currentTarget.checked)}
      />
      {plan.error !== null && count > 0 && <ProblemNote error={plan.error} />}
      {planned?.warnings.map((text) => (
        <Alert key={text} color="yellow" p="xs">
          {text}
        </Alert>
      ))}
      <Group justify="space-between">
        <Text size="xs" c="dimmed" aria-live="polite">
          {planned !== undefined ? `About ${bytes(planned.bytes)}, ${span(planned.wallMs)}` : ""}
        </Text>
        <Button
          leftSection={<IconScissors size={16} aria-hidden />}
          disabled={count === 0}
          loading={busy}
          onClick={onCut}
        >
          {count > 1 && !joined ? `Cut ${count} clips` : "Cut the clip"}
        </Button>
      </Group>
    </Stack>
  );
}
