import { ActionIcon, Menu } from "@mantine/core";
import { IconDots, IconFolderPlus, IconPencil, IconPlus, IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import type { CollectionView, WorkspaceView } from "@/shared/api";
import { useMay, useSelf } from "@/shared/session";
import { type Act, PlaceDialog } from "./PlaceDialog";

type Props = { workspace: WorkspaceView; collection?: CollectionView };

/** What may be done with a workspace or a collection; nothing where that is nothing. */
export function PlaceMenu({ workspace, collection }: Props) {
  const [act, setAct] = useState<Act>();
  const mayWrite = useMay("operator", workspace.id);
  const mayDelete = useMay("manager", workspace.id);
  const { admin } = useSelf();
  const name = collection?.name ?? (workspace.title || workspace.name);
  if (!mayWrite) return null;
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" size="md" aria-label={`Change ${name}`}>
            <IconDots size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          {collection === undefined && (
            <Menu.Item
              leftSection={<IconFolderPlus size={16} aria-hidden />}
              onClick={() => setAct("collection")}
            >
              New collection
            </Menu.Item>
          )}
          {(collection !== undefined || mayDelete) && (
            <Menu.Item leftSection={<IconPencil size={16} aria-hidden />} onClick={() => setAct("rename")}>
              Rename
            </Menu.Item>
          )}
          {(collection === undefined ? admin : mayDelete) && (
            <Menu.Item
              color="red"
              leftSection={<IconTrash size={16} aria-hidden />}
              onClick={() => setAct("delete")}
            >
              Delete
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      {act !== undefined && (
        <PlaceDialog
          act={act}
          workspace={workspace}
          collection={collection}
          onClose={() => setAct(undefined)}
        />
      )}
    </>
  );
}

/** For admins: one workspace more. */
export function NewWorkspace() {
  const [open, setOpen] = useState(false);
  if (!useSelf().admin) return null;
  return (
    <>
      <ActionIcon
        variant="subtle"
        color="gray"
        size="sm"
        aria-label="New workspace"
        onClick={() => setOpen(true)}
      >
        <IconPlus size={16} />
      </ActionIcon>
      {open && <PlaceDialog act="workspace" onClose={() => setOpen(false)} />}
    </>
  );
}
