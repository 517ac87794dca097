import { Group, Kbd, Modal, Stack, Table, Title } from "@mantine/core";
import { type Shortcut, useShortcuts } from "@/shared/keyboard";

/** The keys that do something on this page. */
export function HelpSheet({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const groups = Map.groupBy(useShortcuts(), ({ group }) => group);
  return (
    <Modal opened={opened} onClose={onClose} title="Keyboard shortcuts">
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
