import { Button, Group, Modal, Progress, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type SubmitEvent, useState } from "react";
import { apiQueries, type VideoView, videosDelete } from "@/shared/api";
import { bytes } from "@/shared/format";
import { ProblemNote, toast } from "@/shared/ui";
import { forEach } from "./forEach";

type Props = { videos: readonly VideoView[]; onClose: () => void; onDone: () => void };

/** Deletes for good; asks for the title of one, or how many they are. */
export function DeleteDialog({ videos, onClose, onDone }: Props) {
  const queries = useQueryClient();
  const [typed, setTyped] = useState("");
  const [done, setDone] = useState(0);
  const [only] = videos.length === 1 ? videos : [];
  const wanted = only?.title ?? String(videos.length);
  const held = videos.reduce((sum, { stored_bytes }) => sum + stored_bytes, 0);
  const remove = useMutation({
    mutationFn: () =>
      forEach(videos, async ({ id }) => {
        await videosDelete({ path: { video_id: id }, throwOnError: true });
        setDone((before) => before + 1);
      }),
    onSettled: () => queries.invalidateQueries(apiQueries("videosList", "collectionsList", "workspacesList")),
    onSuccess: () => {
      toast.done(only === undefined ? `${videos.length} videos deleted` : `“${only.title}” deleted`);
      onClose();
      onDone();
    },
  });

  function submit(event: SubmitEvent) {
    event.preventDefault();
    if (typed.trim() === wanted.trim()) remove.mutate();
  }

  return (
    <Modal
      opened
      onClose={onClose}
      title={only === undefined ? `Delete ${videos.length} videos?` : "Delete this video?"}
    >
      <Stack component="form" onSubmit={submit}>
        <Text size="sm">
          The originals and everything made from them go for good: {bytes(held)}. Their jobs are cancelled.
        </Text>
        <TextInput
          data-autofocus
          label={only === undefined ? `Type how many they are: ${wanted}` : `Type its title: ${wanted}`}
          autoComplete="off"
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
        {remove.isPending && (
          <Progress value={(100 * done) / videos.length} aria-label="Deleting" transitionDuration={200} />
        )}
        {remove.isError && <ProblemNote error={remove.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Keep
          </Button>
          <Button
            type="submit"
            color="red"
            disabled={typed.trim() !== wanted.trim()}
            loading={remove.isPending}
          >
            Delete
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
