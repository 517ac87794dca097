import { ActionIcon, Badge, Card, Group, Stack, Text, Title } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconMovie, IconX } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { downloadsCreateAnywhereMutation, problemOf, videosShowOptions } from "@/shared/api";
import { toast } from "@/shared/ui";
import { useSideFiles } from "./context";
import { FindOrBring } from "./FindOrBring";
import { factsOf } from "./VideoSearch";

type Props = {
  videos: string[];
  /** Several become one, in this order. */
  joined: boolean;
  onChange: (videos: string[]) => void;
};

/** What is to be worked on. */
export function InputsCard({ videos, joined, onChange }: Props) {
  const { workspace, collection } = useSideFiles();
  const bring = useMutation({
    ...downloadsCreateAnywhereMutation(),
    onError: toast.problem,
    onSuccess: ({ video_id }) => onChange([...videos, video_id]),
  });
  function move(from: number, to: number) {
    const next = [...videos];
    next.splice(to, 0, ...next.splice(from, 1));
    onChange(next);
  }
  const several = joined ? "They are joined in this order." : "Each gets its own job, in one batch.";
  return (
    <Card withBorder component="section" aria-labelledby="inputs">
      <Stack gap="sm">
        <Title order={2} size="h5" id="inputs">
          Videos
        </Title>
        {videos.map((id, place) => (
          <Chosen
            key={id}
            id={id}
            onRemove={() => onChange(videos.filter((other) => other !== id))}
            onUp={joined && place > 0 ? () => move(place, place - 1) : undefined}
            onDown={joined && place < videos.length - 1 ? () => move(place, place + 1) : undefined}
          />
        ))}
        <FindOrBring
          kind="media"
          label={videos.length === 0 ? "Find a video" : "Add another"}
          help={videos.length > 1 ? several : undefined}
          workspace={workspace}
          without={videos}
          onAddress={(url) => bring.mutate({ body: { url, workspace, collection, pipeline: "none" } })}
          onPick={(id) => onChange([...videos.filter((other) => other !== id), id])}
        />
      </Stack>
    </Card>
  );
}

const ARRIVES_MS = 2000;

type ChosenProps = { id: string; onRemove: () => void; onUp?: () => void; onDown?: () => void };

function Chosen({ id, onRemove, onUp, onDown }: ChosenProps) {
  const video = useQuery({
    ...videosShowOptions({ path: { video_id: id } }),
    refetchInterval: ({ state: { data } }) => (data?.state === "uploading" ? ARRIVES_MS : false),
  });
  const title =
    video.data?.title || video.data?.filename || (video.isError ? problemOf(video.error).message : "…");
  return (
    <Group justify="space-between" wrap="nowrap" mih={36}>
      <Group gap="xs" wrap="nowrap" miw={0}>
        <IconMovie size={18} aria-hidden />
        <Text size="sm" fw={600} truncate c={video.isError ? "var(--mantine-color-error)" : undefined}>
          {title}
        </Text>
        {video.data !== undefined && (
          <Text size="xs" c="dimmed" flex="none" visibleFrom="xs">
            {factsOf(video.data)}
          </Text>
        )}
        {video.data !== undefined && video.data.state !== "ready" && (
          <Badge variant="light" color="yellow" flex="none">
            {video.data.state}
          </Badge>
        )}
      </Group>
      <Group gap={2} wrap="nowrap">
        {onUp && (
          <ActionIcon variant="subtle" color="gray" aria-label={`${title} earlier`} onClick={onUp}>
            <IconArrowUp size={16} />
          </ActionIcon>
        )}
        {onDown && (
          <ActionIcon variant="subtle" color="gray" aria-label={`${title} later`} onClick={onDown}>
            <IconArrowDown size={16} />
          </ActionIcon>
        )}
        <ActionIcon variant="subtle" color="gray" aria-label={`Without ${title}`} onClick={onRemove}>
          <IconX size={16} />
        </ActionIcon>
      </Group>
    </Group>
  );
}
