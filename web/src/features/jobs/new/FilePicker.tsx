import { ActionIcon, Group, Input, Paper, Text } from "@mantine/core";
import { IconX } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { videosShowOptions } from "@/shared/api";
import { useSideFiles } from "./context";
import { VideoSearch } from "./VideoSearch";

type Props = {
  label: string;
  help: string;
  error: string | undefined;
  required: boolean;
  /** What the spec calls the picked file; undefined while none is picked. */
  name: string | undefined;
  /** What it is called once it is picked. */
  wanted: string;
  onPick: (name: string | undefined) => void;
};

/** A further file that an operation reads: another stored video or sound. */
export function FilePicker({ label, help, error, required, name, wanted, onPick }: Props) {
  const { workspace, sides, setSide } = useSideFiles();
  const id = name === undefined ? undefined : sides[name];
  const video = useQuery({
    ...videosShowOptions({ path: { video_id: id ?? "" } }),
    enabled: id !== undefined,
  });

  function pick(videoId: string) {
    const taken = Object.keys(sides);
    let free = wanted;
    for (let count = 2; taken.includes(free) && sides[free] !== videoId; count += 1)
      free = `${wanted}${count}`;
    setSide(free, videoId);
    onPick(free);
  }

  if (name === undefined || name === "" || id === undefined) {
    return (
      <VideoSearch
        label={label}
        help={`${help} A stored video or sound.`.trim()}
        error={error}
        required={required}
        workspace={workspace}
        onPick={(picked) => pick(picked.id)}
      />
    );
  }
  return (
    <Input.Wrapper label={label} description={help} error={error} required={required}>
      <Paper withBorder px="sm" py={4} mt={4} bg="transparent">
        <Group justify="space-between" wrap="nowrap">
          <Text size="sm" truncate>
            {video.data?.title || video.data?.filename || id}
          </Text>
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={`Another one for ${label}`}
            onClick={() => onPick(undefined)}
          >
            <IconX size={16} />
          </ActionIcon>
        </Group>
      </Paper>
    </Input.Wrapper>
  );
}
