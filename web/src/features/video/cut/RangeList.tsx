import { ActionIcon, Group, Table, Text, UnstyledButton } from "@mantine/core";
import { IconPlayerPlay, IconTrash } from "@tabler/icons-react";
import { duration as clock, number } from "@/shared/format";
import type { Boundary, Mode } from "./plan";
import type { Range } from "./ranges";

type Props = {
  ranges: readonly Range[];
  selected: number | undefined;
  boundaries: readonly Boundary[];
  mode: Mode;
  onSelect: (range: Range) => void;
  onPlay: (range: Range) => void;
  onRemove: (range: Range) => void;
};

/** The ranges, and what the chosen way of cutting makes of each. */
export function RangeList({ ranges, selected, boundaries, mode, onSelect, onPlay, onRemove }: Props) {
  return (
    <Table verticalSpacing={4} aria-label="Ranges">
      <Table.Tbody>
        {ranges.map((range, index) => (
          <Table.Tr
            key={range.id}
            bg={range.id === selected ? "var(--mantine-color-default-hover)" : undefined}
          >
            <Table.Td w={32}>{index + 1}</Table.Td>
            <Table.Td>
              <UnstyledButton onClick={() => onSelect(range)} aria-pressed={range.id === selected}>
                <Text size="sm" fw={500} style={{ fontVariantNumeric: "tabular-nums" }}>
                  {clock(range.from * 1000, { ms: true })} – {clock(range.to * 1000, { ms: true })}
                </Text>
              </UnstyledButton>
              <Text size="xs" c="dimmed">
                {number(range.to - range.from, 2)} s{". "}
                {saidOf(boundaries[index], range, mode)}
              </Text>
            </Table.Td>
            <Table.Td w={80}>
              <Group gap={2} wrap="nowrap" justify="flex-end">
                <ActionIcon
                  variant="subtle"
                  aria-label={`Play range ${index + 1}`}
                  onClick={() => onPlay(range)}
                >
                  <IconPlayerPlay size={16} />
                </ActionIcon>
                <ActionIcon
                  variant="subtle"
                  color="gray"
                  aria-label={`Remove range ${index + 1}`}
                  onClick={() => onRemove(range)}
                >
                  <IconTrash size={16} />
                </ActionIcon>
              </Group>
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}

const UNSEEN_S = 0.002;

/** What becomes of it; nothing while the plan is about an earlier wish. */
export function saidOf(boundary: Boundary | undefined, range: Range, mode: Mode): string {
  if (boundary === undefined || Math.abs(boundary.wanted[0] - range.from) > UNSEEN_S) return "";
  if (Math.abs(boundary.wanted[1] - range.to) > UNSEEN_S) return "";
  if (mode === "encode") return `Exact: all ${boundary.frames} pictures are encoded.`;
  if (mode === "smart")
    return `Exact: ${boundary.smartEncodes} of ${boundary.frames} pictures are encoded, the rest is copied.`;
  const [from, to] = boundary.copied;
  const early = range.from - from;
  if (Math.abs(early) <= UNSEEN_S) return "A fast cut begins exactly there: a keyframe is there.";
  return `A fast cut gives ${clock(from * 1000, { ms: true })} – ${clock(to * 1000, { ms: true })}: it begins ${number(early, 2)} s earlier, at the keyframe.`;
}
