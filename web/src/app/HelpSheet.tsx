import { ActionIcon, Group, Kbd, Modal, Stack, Table, Title } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconKeyboard } from "@tabler/icons-react";
import { type Shortcut, useShortcut, useShortcuts } from "@/shared/keyboard";

/** The keys that do something on this page; `?` opens it. */
export function HelpSheet() {
  const [opened, { open, close }] = useDisclosure();
  const shortcuts = useShortcuts();
  useShortcut({ keys: "?", does: "This list", group: "Everywhere" }, open);
  const groups = Map.groupBy(shortcuts, ({ group }) => group);
  return (
    <>
      <ActionIcon
        variant="subtle"
        color="gray"
        size="lg"
        aria-label="Keyboard shortcuts"
        onClick={open}
        visibleFrom="sm"
      >
        <IconKeyboard size={20} />
      </ActionIcon>
      <Modal opened={opened} onClose={close} title="Keyboard shortcuts">
        <Stack>
          {[...groups].map(([group, keys]) => (
            <Group key={group} display="block">
              <Title order={3} size="h6">
                {group}
              </Title>
              <Keys shortcuts={keys} />
            </Group>
          ))}
        </Stack>
      </Modal>
    </>
  );
}

function Keys({ shortcuts }: { shortcuts: Shortcut[] }) {
  return (
    <Table>
      <Table.Tbody>
        {shortcuts.map(({ keys, does }) => (
          <Table.Tr key={keys}>
            <Table.Td>{does}</Table.Td>
            <Table.Td ta="right">
              {keys.split(" ").map((key) => (
                <Kbd key={key} ml={4}>
                  {key}
                </Kbd>
              ))}
            </Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
