import { Button, Group, Modal, Stack, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type SubmitEvent, useState } from "react";
import { apiQueries, type UserView, usersEditMutation } from "@/shared/api";
import { ProblemNote, toast } from "@/shared/ui";
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
  function submit(event: SubmitEvent) {
    event.preventDefault();
    reset.mutate({ path: { user: user.id }, body: { password } });
  }
  return (
    <Modal opened onClose={onClose} title={`Reset the password of ${user.name}`}>
      <Stack component="form" onSubmit={submit}>
        <Text size="sm">They are signed out everywhere and sign in with the new one. Their keys go on.</Text>
        {reset.error !== null && <ProblemNote error={reset.error} />}
        <PasswordField label="New password" required value={password} onChange={setPassword} />
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={reset.isPending} disabled={password === ""}>
            Reset
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
