import { ActionIcon, Button, Group, NativeSelect, NumberInput, Stack, Text } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { KINDS, type Rules } from "./rules";

type Kinds = Rules["artifacts_days"];

/** How long what was made from videos is kept, by kind. */
export function KindRules({ value, onChange }: { value: Kinds; onChange: (value: Kinds) => void }) {
  const free = KINDS.filter((kind) => value.every((one) => one.kind !== kind));
  const replace = (index: number, part: Partial<Kinds[number]>) =>
    onChange(value.map((one, at) => (at === index ? { ...one, ...part } : one)));
  return (
    <Stack gap="xs">
      <Text size="sm" fw={500}>
        What was made from videos
      </Text>
      {value.map((one, index) => (
        <Group key={one.kind} gap="xs" wrap="nowrap">
          <NativeSelect
            aria-label="Kind"
            w={150}
            value={one.kind}
            data={[one.kind, ...free]}
            onChange={(event) => replace(index, { kind: event.currentTarget.value })}
          />
          <NumberInput
            aria-label={`Days that each ${one.kind} is kept`}
            w={140}
            min={1}
            suffix=" days"
            allowDecimal={false}
            value={one.days}
            onChange={(days) => replace(index, { days: typeof days === "number" ? days : "" })}
          />
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={`No rule for ${one.kind}`}
            onClick={() => onChange(value.filter((_, at) => at !== index))}
          >
            <IconX size={16} />
          </ActionIcon>
        </Group>
      ))}
      {free[0] !== undefined && (
        <Group>
          <Button
            size="compact-sm"
            variant="default"
            leftSection={<IconPlus size={14} aria-hidden />}
            onClick={() => onChange([...value, { kind: free[0] ?? "", days: 30 }])}
          >
            Add a rule
          </Button>
        </Group>
      )}
    </Stack>
  );
}
