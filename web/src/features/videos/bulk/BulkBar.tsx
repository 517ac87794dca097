import { Button, CloseButton, Text } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { useState } from "react";
import type { VideoView, WorkspaceView } from "@/shared/api";
import { useMay } from "@/shared/session";
import classes from "../list/list.module.css";
import { DeleteDialog } from "./DeleteDialog";
import { MoveMenu } from "./MoveMenu";
import { RunMenu } from "./RunMenu";

type Props = {
  workspace: WorkspaceView;
  videos: readonly VideoView[];
  listed: number;
  onAll: () => void;
  onDone: () => void;
};

/** What can be done with the selected videos. */
export function BulkBar({ workspace, videos, listed, onAll, onDone }: Props) {
  const [deleting, setDeleting] = useState(false);
  const mayWrite = useMay("operator", workspace.id);
  const mayDelete = useMay("manager", workspace.id);
  return (
    <section className={classes.bulk} aria-label="Selected videos">
      <Text size="sm" fw={600} aria-live="polite" data-figures>
        {videos.length} selected
      </Text>
      {videos.length < listed && (
        <Button size="compact-sm" variant="subtle" onClick={onAll}>
          All {listed} listed
        </Button>
      )}
      {mayWrite && <RunMenu videos={videos} onDone={onDone} />}
      {mayWrite && <MoveMenu workspace={workspace} videos={videos} onDone={onDone} />}
      {mayDelete && (
        <Button
          size="xs"
          variant="light"
          color="red"
          leftSection={<IconTrash size={16} aria-hidden />}
          onClick={() => setDeleting(true)}
        >
          Delete
        </Button>
      )}
      <CloseButton aria-label="Select nothing" onClick={onDone} />
      {deleting && <DeleteDialog videos={videos} onClose={() => setDeleting(false)} onDone={onDone} />}
    </section>
  );
}
