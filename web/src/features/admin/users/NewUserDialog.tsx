import { Checkbox, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { apiQueries, faultsByField, problemOf, usersCreateMutation } from "@/shared/api";
import { toast } from "@/shared/ui";
import { FormDialog } from "../parts/FormDialog";
import { PasswordField } from "./PasswordField";

/** A person to be. */
export function NewUserDialog({ onClose }: { onClose: () => void }) {
  const queries = useQueryClient();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const [admin, setAdmin] = useState(false);
  const create = useMutation({
    ...usersCreateMutation(),
    onSuccess: (user) => {
      toast.done(`${user.name} may sign in. Now add them to a workspace.`);
      onClose();
      return queries.invalidateQueries(apiQueries("usersList"));
    },
  });
  const faults = create.error === null ? {} : faultsByField(problemOf(create.error));
  function submit() {
    create.mutate({ body: { name: name.trim(), password: password === "" ? null : password, admin } });
  }
  return (
    <FormDialog
      title="New user"
      does="Create"
      busy={create.isPending}
      problem={create.error}
      onSubmit={submit}
      onClose={onClose}
    >
      <TextInput
        label="Name"
        description="Small letters, digits, and . _ @ + -"
        required
        maxLength={60}
        autoComplete="off"
        data-autofocus
        value={name}
        error={faults.name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <PasswordField
        label="Password"
        description="At least 12 characters; without one they cannot sign in yet"
        value={password}
        error={faults.password}
        onChange={setPassword}
      />
      <Checkbox
        label="Admin of the installation"
        description="Sees everything, and is a manager everywhere"
        checked={admin}
        onChange={(event) => setAdmin(event.currentTarget.checked)}
      />
    </FormDialog>
  );
}
