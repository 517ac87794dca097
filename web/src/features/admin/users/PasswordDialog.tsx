import { Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { apiQueries, type UserView, usersEditMutation } from "@/shared/api";
import { toast } from "@/shared/ui";
import { FormDialog } from "../parts/FormDialog";
import { PasswordField } from "./PasswordField";

/** Another password for somebody else. */
export function PasswordDialog({ user, onClose }: { user: UserView; onClose: () => void }) {
  const queries = useQueryClient();
  const [password, setPassword] = useState("");
  const reset = useMutation({
    ...usersEditMutation(),
    onSuccess: () => {
      toast.done(`${user.name} has another password.`);
      onClose();
      return queries.invalidateQueries(apiQueries("usersList"));
    },
  });
  return (
    <FormDialog
      title={`Reset the password of ${user.name}`}
      does="Reset"
      busy={reset.isPending}
      disabled={password === ""}
      problem={reset.error}
      onSubmit={() => reset.mutate({ path: { user: user.id }, body: { password } })}
      onClose={onClose}
    >
      <Text size="sm">They are signed out everywhere and sign in with the new one. Their keys go on.</Text>
      <PasswordField label="New password" required value={password} onChange={setPassword} />
    </FormDialog>
  );
}
