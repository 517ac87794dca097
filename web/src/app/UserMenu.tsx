import { Button, Menu } from "@mantine/core";
import { IconFileDescription, IconLogout, IconUser, IconUserCog } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { authLogoutMutation } from "@/shared/api";
import { useSelf } from "@/shared/session";
import { toast } from "@/shared/ui";

/** Who is signed in, and the way out. */
export function UserMenu() {
  const self = useSelf();
  const queries = useQueryClient();
  const navigate = useNavigate();
  const logout = useMutation({
    ...authLogoutMutation(),
    onError: toast.problem,
    onSuccess: async () => {
      await navigate({ to: "/login" });
      queries.clear();
    },
  });
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button
          variant="subtle"
          color="gray"
          size="sm"
          px="xs"
          leftSection={<IconUser size={18} aria-hidden />}
        >
          {self.name}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item
          leftSection={<IconUserCog size={16} aria-hidden />}
          onClick={() => void navigate({ to: "/account" })}
        >
          Your account
        </Menu.Item>
        <Menu.Item component="a" href="/docs" leftSection={<IconFileDescription size={16} aria-hidden />}>
          The API
        </Menu.Item>
        <Menu.Item leftSection={<IconLogout size={16} aria-hidden />} onClick={() => logout.mutate({})}>
          Sign out
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
