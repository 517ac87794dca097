import { TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { apiQueries, faultsByField, problemOf, workspacesCreateMutation } from "@/shared/api";
import { toast } from "@/shared/ui";
import { FormDialog } from "../parts/FormDialog";

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
  function submit() {
    create.mutate({ body: { name: name.trim(), title: title.trim() === "" ? null : title.trim() } });
  }
  return (
    <FormDialog
      title="New workspace"
      does="Create"
      busy={create.isPending}
      problem={create.error}
      onSubmit={submit}
      onClose={onClose}
    >
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
    </FormDialog>
  );
}
