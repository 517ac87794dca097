import { Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type SubmitEvent, useState } from "react";
import {
  apiQueries,
  type CollectionView,
  collectionsCreate,
  collectionsDelete,
  collectionsRename,
  type WorkspaceView,
  workspacesCreate,
  workspacesDelete,
  workspacesEdit,
} from "@/shared/api";
import { bytes } from "@/shared/format";
import { ProblemNote, toast } from "@/shared/ui";

export type Act = "workspace" | "collection" | "rename" | "delete";
type Props = { act: Act; workspace?: WorkspaceView; collection?: CollectionView; onClose: () => void };

const TITLES = {
  workspace: "New workspace",
  collection: "New collection",
  rename: "Rename",
  delete: "Delete",
};
const DONE = { workspace: "Created", collection: "Created", rename: "Renamed", delete: "Deleted" };

/** Makes, renames or deletes a workspace or a collection; deleting asks for its name. */
export function PlaceDialog({ act, workspace, collection, onClose }: Props) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const held = collection ?? workspace;
  const name = collection?.name ?? (workspace?.title || workspace?.name) ?? "";
  const [typed, setTyped] = useState(act === "rename" ? name : "");
  const said = typed.trim();
  const ready = act === "delete" ? said === name : said !== "";
  const change = useMutation({
    mutationFn: () => changed(act, said, workspace, collection),
    onSuccess: async (search) => {
      await queries.invalidateQueries(apiQueries("workspacesList", "collectionsList", "videosList"));
      toast.done(`${DONE[act]}: ${act === "delete" ? name : said}`);
      onClose();
      await navigate({ to: "/videos", search });
    },
  });

  function submit(event: SubmitEvent) {
    event.preventDefault();
    if (ready) change.mutate();
  }

  return (
    <Modal opened onClose={onClose} title={TITLES[act]}>
      <Stack component="form" onSubmit={submit}>
        {act === "delete" && held !== undefined && (
          <Text size="sm">
            {held.videos} {held.videos === 1 ? "video goes" : "videos go"} with it for good, and everything
            made from {held.videos === 1 ? "it" : "them"}: {bytes(held.stored_bytes)}.
          </Text>
        )}
        <TextInput
          data-autofocus
          autoComplete="off"
          label={act === "delete" ? `Type its name: ${name}` : "Name"}
          description={act === "workspace" ? "Lower-case letters, digits and dashes." : undefined}
          maxLength={act === "workspace" ? 64 : 128}
          value={typed}
          onChange={(event) => setTyped(event.currentTarget.value)}
        />
        {change.isError && <ProblemNote error={change.error} />}
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button
            type="submit"
            color={act === "delete" ? "red" : undefined}
            disabled={!ready}
            loading={change.isPending}
          >
            {act === "delete" ? "Delete" : act === "rename" ? "Rename" : "Create"}
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}

/** Does it; returns the place to show then. */
async function changed(act: Act, said: string, workspace?: WorkspaceView, collection?: CollectionView) {
  if (act === "workspace" || workspace === undefined) {
    await workspacesCreate({ body: { name: said }, throwOnError: true });
    return { workspace: said };
  }
  const there = { workspace: workspace.name };
  const path = { workspace: workspace.id };
  if (act === "collection") {
    const { data } = await collectionsCreate({ path, body: { name: said }, throwOnError: true });
    return { ...there, collection: data.name };
  }
  if (collection !== undefined) {
    const place = { ...path, collection: collection.id };
    if (act === "delete") {
      await collectionsDelete({ path: place, throwOnError: true });
      return there;
    }
    const { data } = await collectionsRename({ path: place, body: { name: said }, throwOnError: true });
    return { ...there, collection: data.name };
  }
  if (act === "delete") {
    await workspacesDelete({ path, throwOnError: true });
    return {};
  }
  await workspacesEdit({ path, body: { title: said }, throwOnError: true });
  return there;
}
