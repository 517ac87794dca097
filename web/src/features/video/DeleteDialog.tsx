import { Button, Code, Group, List, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type SubmitEvent, useState } from "react";
import { apiQueries, jobsListOptions, type VideoDetailView, videosDeleteMutation } from "@/shared/api";
import { bytes } from "@/shared/format";
import { ProblemNote, toast } from "@/shared/ui";
import { deletionOf } from "./deletion";
import { download } from "./download";

/** Says what goes with the video, and asks for its name: it cannot be brought back. */
export function DeleteDialog({ video, onClose }: { video: VideoDetailView; onClose: () => void }) {
  const [name, setName] = useState("");
  const queries = useQueryClient();
  const navigate = useNavigate();
  const running = useQuery(
    jobsListOptions({ query: { video: video.id, state: ["queued", "running", "paused"], limit: 200 } }),
  ).data?.items.length;
  const remove = useMutation({
    ...videosDeleteMutation(),
    mutationKey: deletionOf(video.id),
    onSuccess: async () => {
      toast.done(`Deleted ${video.title}`);
      await navigate({ to: "/videos", search: { workspace: video.workspace, collection: video.collection } });
      queries.removeQueries(apiQueries("videosShow"));
      await queries.invalidateQueries(apiQueries("videosList", "jobsList"));
    },
  });
  const right = name.trim() === video.title.trim();

  function submit(event: SubmitEvent) {
    event.preventDefault();
    if (right) remove.mutate({ path: { video_id: video.id } });
  }

  return (
    <Modal opened onClose={onClose} closeButtonProps={{ "aria-label": "Close" }} title="Delete the video?">
      <Stack component="form" onSubmit={submit}>
        <Text size="sm">This cannot be undone. With the video go</Text>
        <List size="sm">
          <List.Item>
            its original, <b>{video.filename}</b>, {bytes(video.bytes)}
          </List.Item>
          <List.Item>
            {video.artifacts.length} files made from it; {bytes(video.stored_bytes)} in all
          </List.Item>
          <List.Item>all links to it that were shared</List.Item>
          {(running ?? 0) > 0 && <List.Item>{running} jobs on it, which are cancelled</List.Item>}
        </List>
        <Group>
          <Button variant="default" size="xs" onClick={() => void download(video.id)}>
            Download the original first
          </Button>
        </Group>
        <TextInput
          label={
            <>
              Type <Code>{video.title}</Code> to delete it
            </>
          }
          data-autofocus
          autoComplete="off"
          value={name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        {remove.error !== null && <ProblemNote error={remove.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Keep it
          </Button>
          <Button type="submit" color="red" disabled={!right} loading={remove.isPending}>
            Delete
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
