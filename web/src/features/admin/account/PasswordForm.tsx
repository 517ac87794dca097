import { Button, Group, PasswordInput, Stack } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type SubmitEvent, useState } from "react";
import { apiQueries, authChangePasswordMutation } from "@/shared/api";
import { useSelf } from "@/shared/session";
import { ProblemNote, toast } from "@/shared/ui";

/** Another password for oneself. */
export function PasswordForm() {
  const self = useSelf();
  const queries = useQueryClient();
  const [old, setOld] = useState("");
  const [wanted, setWanted] = useState("");
  const [again, setAgain] = useState("");
  const change = useMutation({
    ...authChangePasswordMutation(),
    onSuccess: () => {
      toast.done("Your password is changed.");
      setOld("");
      setWanted("");
      setAgain("");
      return queries.invalidateQueries(apiQueries("authListSessions"));
    },
  });
  const differs = again !== "" && again !== wanted;

  function submit(event: SubmitEvent) {
    event.preventDefault();
    if (differs) return;
    change.mutate({ body: { old: old === "" ? null : old, new: wanted } });
  }

  return (
    <Stack component="form" maw={400} onSubmit={submit}>
      {change.error !== null && <ProblemNote error={change.error} />}
      <input type="text" name="username" autoComplete="username" value={self.name} readOnly hidden />
      <PasswordInput
        label="Password until now"
        description="Left empty if you have none yet"
        autoComplete="current-password"
        value={old}
        onChange={(event) => setOld(event.currentTarget.value)}
      />
      <PasswordInput
        label="New password"
        description="At least 12 characters"
        autoComplete="new-password"
        required
        value={wanted}
        onChange={(event) => setWanted(event.currentTarget.value)}
      />
      <PasswordInput
        label="New password again"
        autoComplete="new-password"
        required
        value={again}
        error={differs ? "It is not the same" : undefined}
        onChange={(event) => setAgain(event.currentTarget.value)}
      />
      <Group justify="flex-end">
        <Button type="submit" loading={change.isPending} disabled={wanted === "" || again !== wanted}>
          Change password
        </Button>
      </Group>
    </Stack>
  );
}
