import { ActionIcon, Button, Group, Kbd, Text } from "@mantine/core";
import { IconChevronLeft, IconChevronRight, IconPlus, IconZoomIn, IconZoomOut } from "@tabler/icons-react";
import { duration as clock } from "@/shared/format";
import { useShortcut } from "@/shared/keyboard";
import { stepFrames, usePlayback } from "../player/usePlayback";

type Props = {
  film: HTMLVideoElement | null;
  rate: number;
  zoom: number;
  onZoom: (zoom: number) => void;
  onIn: () => void;
  onOut: () => void;
  onAdd: () => void;
};

const MOST_ZOOM = 64;
const GROUP = "Cutting";

/** What sets the range, above the timeline. */
export function CutTools({ film, rate, zoom, onZoom, onIn, onOut, onAdd }: Props) {
  const { time } = usePlayback(film);
  const closer = () => onZoom(Math.min(zoom * 2, MOST_ZOOM));
  const further = () => onZoom(Math.max(zoom / 2, 1));
  useShortcut({ keys: "i", does: "Begin the range here", group: GROUP }, onIn);
  useShortcut({ keys: "o", does: "End the range here", group: GROUP }, onOut);
  useShortcut({ keys: "a", does: "Add a range here", group: GROUP }, onAdd);
  useShortcut({ keys: "+", does: "Closer", group: GROUP }, closer);
  useShortcut({ keys: "-", does: "Further away", group: GROUP }, further);
  return (
    <Group gap="xs">
      <Button size="xs" variant="default" onClick={onIn} rightSection={<Kbd size="xs">I</Kbd>}>
        Set in
      </Button>
      <Button size="xs" variant="default" onClick={onOut} rightSection={<Kbd size="xs">O</Kbd>}>
        Set out
      </Button>
      <Button
        size="xs"
        variant="default"
        leftSection={<IconPlus size={14} aria-hidden />}
        onClick={onAdd}
        rightSection={<Kbd size="xs">A</Kbd>}
      >
        Add range
      </Button>
      <ActionIcon.Group>
        <ActionIcon
          variant="default"
          size={30}
          aria-label="Back one picture"
          onClick={() => film !== null && stepFrames(film, -1, rate)}
        >
          <IconChevronLeft size={16} />
        </ActionIcon>
        <ActionIcon
          variant="default"
          size={30}
          aria-label="On one picture"
          onClick={() => film !== null && stepFrames(film, 1, rate)}
        >
          <IconChevronRight size={16} />
        </ActionIcon>
      </ActionIcon.Group>
      <Text size="sm" ff="monospace" style={{ whiteSpace: "nowrap" }}>
        {clock(time * 1000, { ms: true })}
      </Text>
      <Text size="xs" c="dimmed" visibleFrom="sm">
        picture {Math.floor(time * rate + 0.01)}
      </Text>
      <ActionIcon.Group ml="auto">
        <ActionIcon
          variant="default"
          size={30}
          aria-label="Further away"
          disabled={zoom <= 1}
          onClick={further}
        >
          <IconZoomOut size={16} />
        </ActionIcon>
        <ActionIcon
          variant="default"
          size={30}
          aria-label="Closer"
          disabled={zoom >= MOST_ZOOM}
          onClick={closer}
        >
          <IconZoomIn size={16} />
        </ActionIcon>
      </ActionIcon.Group>
    </Group>
  );
}
