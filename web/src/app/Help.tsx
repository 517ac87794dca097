import { ActionIcon } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconKeyboard } from "@tabler/icons-react";
import { lazy, Suspense, useState } from "react";
import { useShortcut } from "@/shared/keyboard";

const HelpSheet = lazy(async () => ({ default: (await import("./HelpSheet")).HelpSheet }));

/** Opens the list of keys, which is fetched when it is first asked for. */
export function Help() {
  const [asked, setAsked] = useState(false);
  const [opened, { open, close }] = useDisclosure(false, { onOpen: () => setAsked(true) });
  useShortcut({ keys: "?", does: "This list", group: "Everywhere" }, open);
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
      {asked && (
        <Suspense>
          <HelpSheet opened={opened} onClose={close} />
        </Suspense>
      )}
    </>
  );
}
