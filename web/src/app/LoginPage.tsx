import {
  Button,
  Center,
  Code,
  Group,
  Paper,
  PasswordInput,
  Stack,
  Text,
  TextInput,
  Title,
} from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { getRouteApi, useRouter } from "@tanstack/react-router";
import { type SubmitEvent, useState } from "react";
import { authLoginMutation } from "@/shared/api";
import { ProblemNote } from "@/shared/ui";
import { Mark } from "./Mark";

const route = getRouteApi("/login");

/** Where one signs in, and is sent back to where one wanted to go. */
export function LoginPage() {
  const { to } = route.useSearch();
  const router = useRouter();
  const [name, setName] = useState("");
  const [password, setPassword] = useState("");
  const login = useMutation({
    ...authLoginMutation(),
    onSuccess: () => router.history.push(to ?? "/"),
  });

  function submit(event: SubmitEvent) {
    event.preventDefault();
    login.mutate({ body: { name: name.trim(), password, cookie: true } });
  }

  return (
    <Center component="main" mih="100dvh" p="md">
      <title>Sign in · Framemill</title>
      <Paper withBorder shadow="sm" p="xl" w={400} maw="100%" bg="var(--framemill-surface)">
        <Stack component="form" onSubmit={submit}>
          <Group gap="sm">
            <Mark size={32} />
            <Title order={1} size="h3">
              Sign in to Framemill
            </Title>
          </Group>
          {login.error !== null && <ProblemNote error={login.error} />}
          <TextInput
            label="Name"
            name="username"
            autoComplete="username"
            required
            autoFocus
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <PasswordInput
            label="Password"
            name="password"
            autoComplete="current-password"
            required
            value={password}
            onChange={(event) => setPassword(event.currentTarget.value)}
          />
          <Button type="submit" loading={login.isPending}>
            Sign in
          </Button>
          <Text size="sm" c="dimmed">
            On the machine itself no password is needed: <Code>framemill keys login</Code> prints a link that
            signs this browser in.
          </Text>
        </Stack>
      </Paper>
    </Center>
  );
}
