import { Badge, Button, Group, Text } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type UserView, usersListInfiniteOptions } from "@/shared/api";
import { useSelf } from "@/shared/session";
import { PageHeader, ProblemNote, RowsSkeleton } from "@/shared/ui";
import { Ago } from "../parts/Ago";
import { DataTable } from "../parts/DataTable";
import { Panel } from "../parts/Panel";
import { NewUserDialog } from "./NewUserDialog";
import { PasswordDialog } from "./PasswordDialog";
import { UserActions } from "./UserActions";

/** Everybody who may sign in. */
export function UsersPage() {
  const self = useSelf();
  const [creating, setCreating] = useState(false);
  const [resetting, setResetting] = useState<UserView>();
  const users = useInfiniteQuery({
    ...usersListInfiniteOptions({ query: { limit: 100, total: true } }),
    initialPageParam: {},
    getNextPageParam: ({ next_cursor }) => next_cursor,
  });
  const found = users.data?.pages.flatMap(({ items }) => items);
  return (
    <>
      <PageHeader title="Users">
        <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setCreating(true)}>
          New user
        </Button>
      </PageHeader>
      <Panel
        title="People"
        says="Who may sign in. What they see, the workspaces say that they are members of."
      >
        {users.isError && <ProblemNote error={users.error} onRetry={() => void users.refetch()} />}
        {users.isPending && <RowsSkeleton />}
        {found !== undefined && (
          <DataTable
            name="Users"
            rows={found}
            keyOf={({ id }) => id}
            columns={[
              { label: "Name", cell: (user) => <Name user={user} own={user.name === self.name} /> },
              { label: "State", cell: (user) => <State user={user} /> },
              { label: "Signed in", cell: ({ signed_in_at }) => <Ago at={signed_in_at} /> },
              { label: "Since", cell: ({ created_at }) => <Ago at={created_at} /> },
              {
                label: "",
                cell: (user) => (
                  <UserActions
                    user={user}
                    own={user.name === self.name}
                    onPassword={() => setResetting(user)}
                  />
                ),
              },
            ]}
          />
        )}
        {users.hasNextPage && (
          <Button
            variant="default"
            mt="sm"
            loading={users.isFetchingNextPage}
            onClick={() => void users.fetchNextPage()}
          >
            Show more
          </Button>
        )}
      </Panel>
      {creating && <NewUserDialog onClose={() => setCreating(false)} />}
      {resetting !== undefined && <PasswordDialog user={resetting} onClose={() => setResetting(undefined)} />}
    </>
  );
}

function Name({ user, own }: { user: UserView; own: boolean }) {
  return (
    <Group gap={6}>
      <Text size="sm" fw={600} td={user.disabled ? "line-through" : undefined}>
        {user.name}
      </Text>
      {own && (
        <Text size="xs" c="dimmed">
          you
        </Text>
      )}
    </Group>
  );
}

function State({ user }: { user: UserView }) {
  return (
    <Group gap={6} justify="inherit">
      {user.disabled && <Badge color="red">Disabled</Badge>}
      {user.admin && <Badge variant="light">Admin</Badge>}
      {!user.has_password && (
        <Badge color="gray" variant="outline">
          No password
        </Badge>
      )}
      {!user.disabled && !user.admin && user.has_password && (
        <Text size="sm" c="dimmed">
          Person
        </Text>
      )}
    </Group>
  );
}
