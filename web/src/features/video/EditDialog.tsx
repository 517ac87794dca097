import { Button, Group, Modal, Skeleton, Stack, Textarea, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type SubmitEvent, useState } from "react";
import {
  apiQueries,
  problemOf,
  type VideoDetailView,
  type VideoEdit,
  videosEdit,
  videosShow,
} from "@/shared/api";
import { ProblemNote, toast } from "@/shared/ui";

type Props = { video: VideoDetailView; onClose: () => void };

/** Title, notes and when it was recorded. What somebody else changed meanwhile is not written over. */
export function EditDialog({ video, onClose }: Props) {
  const before = useQuery({
    queryKey: ["editing", video.id],
    gcTime: 0,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async () => {
      const { data, response } = await videosShow({ path: { video_id: video.id }, throwOnError: true });
      return { video: data, etag: response.headers.get("etag") };
    },
  });
  return (
    <Modal
      opened
      onClose={onClose}
      closeButtonProps={{ "aria-label": "Close" }}
      title="Edit the video"
      size="lg"
    >
      {before.error !== null && <ProblemNote error={before.error} onRetry={() => void before.refetch()} />}
      {before.isPending && <Skeleton h={320} />}
      {before.data !== undefined && (
        <EditForm
          key={before.data.etag}
          known={before.data.video}
          etag={before.data.etag}
          onReload={() => void before.refetch()}
          onClose={onClose}
        />
      )}
    </Modal>
  );
}

type FormProps = { known: VideoDetailView; etag: string | null; onReload: () => void; onClose: () => void };

function EditForm({ known, etag, onReload, onClose }: FormProps) {
  const queries = useQueryClient();
  const [title, setTitle] = useState(known.title);
  const [notes, setNotes] = useState(known.notes);
  const [recorded, setRecorded] = useState(localOf(known.recorded_at));
  const write = (body: VideoEdit, match: string | null) =>
    videosEdit({
      path: { video_id: known.id },
      body,
      headers: { "if-match": match ?? undefined },
      throwOnError: true,
    });
  const fresh = () => queries.invalidateQueries(apiQueries("videosShow", "videosList"));
  const save = useMutation({
    mutationFn: (body: VideoEdit) => write(body, etag),
    onSuccess: async ({ response }) => {
      const { title: was, notes: noted, recorded_at } = known;
      const undone = response.headers.get("etag");
      toast.done("Saved", {
        undo: () =>
          void write({ title: was, notes: noted, recorded_at }, undone).then(fresh).catch(toast.problem),
      });
      onClose();
      await fresh();
    },
  });

  function submit(event: SubmitEvent) {
    event.preventDefault();
    save.mutate({
      ...(title.trim() !== known.title && { title: title.trim() }),
      ...(notes !== known.notes && { notes }),
      ...(recorded !== localOf(known.recorded_at) && {
        recorded_at: recorded === "" ? null : new Date(recorded).toISOString(),
      }),
    });
  }

  return (
    <Stack component="form" onSubmit={submit}>
      {save.error !== null && (
        <ProblemNote
          error={save.error}
          onRetry={problemOf(save.error).status === 412 ? onReload : undefined}
        />
      )}
      <TextInput
        label="Title"
        required
        maxLength={500}
        data-autofocus
        value={title}
        onChange={(event) => setTitle(event.currentTarget.value)}
      />
      <TextInput
        label="Recorded"
        type="datetime-local"
        step={1}
        description="In your time zone"
        value={recorded}
        onChange={(event) => setRecorded(event.currentTarget.value)}
      />
      <Textarea
        label="Notes"
        autosize
        minRows={4}
        maxRows={14}
        maxLength={20_000}
        value={notes}
        onChange={(event) => setNotes(event.currentTarget.value)}
      />
      <Group justify="flex-end">
        <Button variant="default" onClick={onClose}>
          Cancel
        </Button>
        <Button type="submit" loading={save.isPending} disabled={title.trim() === ""}>
          Save
        </Button>
      </Group>
    </Stack>
  );
}

/** As a field for local times wants it. */
function localOf(iso: string | null): string {
  if (iso === null) return "";
  const then = new Date(iso);
  return new Date(then.getTime() - then.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}
