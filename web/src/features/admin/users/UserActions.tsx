import { ActionIcon, Menu } from "@mantine/core";
import {
  IconDots,
  IconKey,
  IconShield,
  IconShieldOff,
  IconUserCheck,
  IconUserOff,
} from "@tabler/icons-react";
import type { UserView } from "@/shared/api";
import { useUserFlags } from "./editing";

type Props = { user: UserView; own: boolean; onPassword: () => void };

/** What can be done with a user; nobody locks themselves out. */
export function UserActions({ user, own, onPassword }: Props) {
  const change = useUserFlags();
  const { name, admin, disabled } = user;
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="subtle" color="gray" aria-label={`Change ${name}`}>
          <IconDots size={18} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item leftSection={<IconKey size={16} aria-hidden />} onClick={onPassword}>
          Reset password
        </Menu.Item>
        <Menu.Item
          disabled={own}
          leftSection={admin ? <IconShieldOff size={16} aria-hidden /> : <IconShield size={16} aria-hidden />}
          onClick={() =>
            change({
              user,
              flags: { admin: !admin },
              back: { admin },
              says: admin ? `${name} is no admin any more.` : `${name} is an admin now.`,
            })
          }
        >
          {admin ? "Take admin away" : "Make admin"}
        </Menu.Item>
        <Menu.Item
          disabled={own}
          color={disabled ? undefined : "red"}
          leftSection={
            disabled ? <IconUserCheck size={16} aria-hidden /> : <IconUserOff size={16} aria-hidden />
          }
          onClick={() =>
            change({
              user,
              flags: { disabled: !disabled },
              back: { disabled },
              says: disabled
                ? `${name} may sign in again.`
                : `${name} is out: sessions ended, keys do nothing.`,
            })
          }
        >
          {disabled ? "Enable" : "Disable"}
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
