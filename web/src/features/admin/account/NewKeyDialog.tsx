import { NativeSelect, TextInput } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import {
  apiQueries,
  faultsByField,
  keysCreateMutation,
  problemOf,
  type Scope,
  workspacesListOptions,
} from "@/shared/api";
import { FormDialog } from "../parts/FormDialog";
import { SecretDialog } from "../parts/SecretDialog";

const SCOPES: { value: Scope; label: string }[] = [
  { value: "read", label: "Read: look and watch" },
  { value: "write", label: "Write: also upload and run jobs" },
  { value: "admin", label: "Admin: all that you may do" },
];
const LIFETIMES = [
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
  { value: "365", label: "A year" },
  { value: "", label: "It never ends" },
];

/** A key to be, and then its secret, once. */
export function NewKeyDialog({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [scope, setScope] = useState<Scope>("write");
  const [workspace, setWorkspace] = useState("");
  const [days, setDays] = useState("90");
  const workspaces = useQuery(workspacesListOptions());
  const create = useMutation({
    ...keysCreateMutation(),
    onSuccess: () => queries.invalidateQueries(apiQueries("keysList")),
  });
  const faults = create.error === null ? {} : faultsByField(problemOf(create.error));

  function submit() {
    create.mutate({
      body: {
        name: name.trim(),
        scope,
        workspace: workspace || null,
        days: days === "" ? null : Number(days),
      },
    });
  }

  if (create.data !== undefined) {
    return (
      <SecretDialog
        title={`The key ${create.data.name}`}
        label="Key"
        secret={create.data.secret}
        onClose={onClose}
      />
    );
  }
  return (
    <FormDialog
      title="New key"
      does="Create"
      busy={create.isPending}
      problem={create.error}
      onSubmit={submit}
      onClose={onClose}
    >
      <TextInput
        label="Name"
        description="What it is for, such as nightly-upload"
        required
        maxLength={60}
        autoComplete="off"
        data-autofocus
        value={name}
        error={faults.name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <NativeSelect
        label="Scope"
        value={scope}
        data={SCOPES}
        onChange={({ currentTarget: { value } }) =>
          setScope(SCOPES.find((one) => one.value === value)?.value ?? "write")
        }
      />
      <NativeSelect
        label="Workspace"
        value={workspace}
        data={[
          { value: "", label: "All that you see" },
          ...(workspaces.data?.items ?? []).map((one) => ({ value: one.name, label: one.name })),
        ]}
        onChange={(event) => setWorkspace(event.currentTarget.value)}
      />
      <NativeSelect
        label="Works for"
        value={days}
        data={LIFETIMES}
        onChange={(event) => setDays(event.currentTarget.value)}
      />
    </FormDialog>
  );
}
