import { ActionIcon, Group, Input, Paper, Stack, Text } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { videosShowOptions } from "@/shared/api";
import type { InputKind } from "../form/schema";
import { useSideFiles } from "./context";
import { FindOrBring } from "./FindOrBring";

type Props = {
  label: string;
  help: string;
  error: string | undefined;
  required: boolean;
  kind: InputKind;
  several?: boolean;
  /** What the spec calls the picked files. */
  names: string[];
  /** What they are called once they are picked. */
  wanted: string;
  onChange: (names: string[]) => void;
};

/** Further files that an operation reads: other stored videos and sounds, or pictures, subtitles and fonts. */
export function FilePicker({ label, help, error, required, kind, several, names, wanted, onChange }: Props) {
  const { workspace, sides, setSide } = useSideFiles();
  const picked = names.filter((name) => sides[name] !== undefined);

  function pick(videoId: string) {
    const taken = Object.keys(sides);
    let free = wanted;
    for (let count = 2; taken.includes(free) && sides[free] !== videoId; count += 1)
      free = `${wanted}${count}`;
    setSide(free, videoId);
    onChange([...picked.filter((name) => name !== free), free]);
  }

  const searched = picked.length === 0 || several;
  return (
    <Stack gap={6}>
      {picked.length > 0 && (
        <Input.Wrapper
          label={label}
          description={help}
          error={searched ? undefined : error}
          required={required}
        >
          {picked.map((name) => (
            <Picked
              key={name}
              id={sides[name] ?? ""}
              label={label}
              kind={kind}
              onRemove={() => onChange(picked.filter((other) => other !== name))}
            />
          ))}
        </Input.Wrapper>
      )}
      {searched && (
        <FindOrBring
          label={picked.length === 0 ? label : `Another one: ${label.toLowerCase()}`}
          help={picked.length === 0 ? help : undefined}
          error={error}
          required={required && picked.length === 0}
          kind={kind}
          pipeline="none"
          workspace={workspace}
          without={picked.map((name) => sides[name] ?? "")}
          onPick={pick}
        />
      )}
    </Stack>
  );
}

type PickedProps = { id: string; label: string; kind: InputKind; onRemove: () => void };

function Picked({ id, label, kind, onRemove }: PickedProps) {
  const { data: video } = useQuery(videosShowOptions({ path: { video_id: id } }));
  return (
    <Paper withBorder px="sm" py={4} mt={4} bg="transparent">
      <Group justify="space-between" wrap="nowrap">
        <Text size="sm" truncate>
          {(kind === "media" && video?.title) || video?.filename || id}
        </Text>
        <ActionIcon variant="subtle" color="gray" aria-label={`Another one for ${label}`} onClick={onRemove}>
          <IconX size={16} />
        </ActionIcon>
      </Group>
    </Paper>
  );
}
