import { Button, Group, Modal, Stack, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type SubmitEvent, useState } from "react";
import { apiQueries, faultsByField, problemOf, workspacesCreateMutation } from "@/shared/api";
import { ProblemNote, toast } from "@/shared/ui";

/** A workspace to be; then its members are added. */
export function NewWorkspaceDialog({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [name, setName] = useState("");
  const [title, setTitle] = useState("");
  const create = useMutation({
    ...workspacesCreateMutation(),
    onSuccess: async (workspace) => {
      toast.done(`The workspace ${workspace.name} is there. Who comes in?`);
      void queries.invalidateQueries(apiQueries("workspacesList"));
      await navigate({ to: "/workspaces/$workspace/members", params: { workspace: workspace.name } });
    },
  });
  const faults = create.error === null ? {} : faultsByField(problemOf(create.error));
  function submit(event: SubmitEvent) {
    event.preventDefault();
    create.mutate({ body: { name: name.trim(), title: title.trim() === "" ? null : title.trim() } });
  }
  return (
    <Modal opened onClose={onClose} title="New workspace">
      <Stack component="form" onSubmit={submit}>
        {create.error !== null && <ProblemNote error={create.error} />}
        <TextInput
          label="Name"
          description="As it stands in addresses: small letters, digits and -"
          required
          maxLength={64}
          autoComplete="off"
          data-autofocus
          value={name}
          error={faults.name}
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <TextInput
          label="Title"
          description="For people"
          maxLength={500}
          value={title}
          error={faults.title}
          onChange={(event) => setTitle(event.currentTarget.value)}
        />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={create.isPending}>
            Create
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
