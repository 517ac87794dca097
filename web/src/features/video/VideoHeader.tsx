import { ActionIcon, Breadcrumbs, Button, Menu } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import {
  IconColumns2,
  IconDots,
  IconDownload,
  IconPencil,
  IconPlus,
  IconShare,
  IconTrash,
} from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { VideoDetailView } from "@/shared/api";
import { useShortcut } from "@/shared/keyboard";
import { useMay } from "@/shared/session";
import { PageHeader } from "@/shared/ui";
import { DeleteDialog } from "./DeleteDialog";
import { download } from "./download";
import { EditDialog } from "./EditDialog";
import { ShareDialog } from "./ShareDialog";
import { TextLink } from "./TextLink";

/** What the video is called, where it is, and what can be done with all of it. */
export function VideoHeader({ video }: { video: VideoDetailView }) {
  const operator = useMay("operator", video.workspace_id);
  const manager = useMay("manager", video.workspace_id);
  const [editing, edit] = useDisclosure();
  const [sharing, share] = useDisclosure();
  const [deleting, remove] = useDisclosure();
  useShortcut({ keys: "e", does: "Edit title and notes", group: "Video" }, () => operator && edit.open());
  return (
    <>
      <Breadcrumbs mb={4} fz="sm">
        <TextLink to="/videos" search={{ workspace: video.workspace }} fz="sm">
          {video.workspace}
        </TextLink>
        <TextLink to="/videos" search={{ workspace: video.workspace, collection: video.collection }} fz="sm">
          {video.collection}
        </TextLink>
      </Breadcrumbs>
      <PageHeader title={video.title}>
        {operator && (
          <Button variant="default" leftSection={<IconPencil size={16} aria-hidden />} onClick={edit.open}>
            Edit
          </Button>
        )}
        <Button variant="default" leftSection={<IconShare size={16} aria-hidden />} onClick={share.open}>
          Share
        </Button>
        <Menu position="bottom-end" width={220}>
          <Menu.Target>
            <ActionIcon variant="default" size={36} aria-label="More to do with this video">
              <IconDots size={18} />
            </ActionIcon>
          </Menu.Target>
          <Menu.Dropdown>
            <Menu.Item
              leftSection={<IconDownload size={16} aria-hidden />}
              onClick={() => void download(video.id)}
            >
              Download the original
            </Menu.Item>
            <Menu.Item
              component={Link}
              to={`/videos/${video.id}/compare`}
              leftSection={<IconColumns2 size={16} aria-hidden />}
            >
              Compare
            </Menu.Item>
            {operator && (
              <Menu.Item
                component={Link}
                to={`/new-job?video=${video.id}`}
                leftSection={<IconPlus size={16} aria-hidden />}
              >
                New job
              </Menu.Item>
            )}
            {manager && (
              <>
                <Menu.Divider />
                <Menu.Item
                  color="red"
                  leftSection={<IconTrash size={16} aria-hidden />}
                  onClick={remove.open}
                >
                  Delete…
                </Menu.Item>
              </>
            )}
          </Menu.Dropdown>
        </Menu>
      </PageHeader>
      {editing && <EditDialog video={video} onClose={edit.close} />}
      {sharing && <ShareDialog video={video} onClose={share.close} />}
      {deleting && <DeleteDialog video={video} onClose={remove.close} />}
    </>
  );
}
