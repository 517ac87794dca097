import { Button, Menu } from "@mantine/core";
import { IconFolder, IconFolderSymlink } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import {
  apiQueries,
  collectionsListOptions,
  type VideoView,
  videosEdit,
  type WorkspaceView,
} from "@/shared/api";
import { toast } from "@/shared/ui";
import { forEach } from "./forEach";

type Props = { workspace: WorkspaceView; videos: readonly VideoView[]; onDone: () => void };
type Wish = { videos: readonly { id: string; to: string }[]; name?: string };

/** Puts the videos into another collection of their workspace; can be taken back. */
export function MoveMenu({ workspace, videos, onDone }: Props) {
  const queries = useQueryClient();
  const collections = useQuery(collectionsListOptions({ path: { workspace: workspace.id } }));
  const move = useMutation({
    mutationFn: ({ videos }: Wish) =>
      forEach(videos, ({ id, to }) =>
        videosEdit({ path: { video_id: id }, body: { collection: to }, throwOnError: true }),
      ),
    onError: toast.problem,
    onSettled: () => queries.invalidateQueries(apiQueries("videosList", "videosShow", "collectionsList")),
  });

  function moveTo(id: string, name: string) {
    const back = videos.map((one) => ({ id: one.id, to: one.collection_id }));
    move.mutate(
      { videos: videos.map((one) => ({ id: one.id, to: id })) },
      {
        onSuccess: () => {
          toast.done(`Moved to “${name}”`, { undo: () => move.mutate({ videos: back }) });
          onDone();
        },
      },
    );
  }

  const here = new Set(videos.map(({ collection_id }) => collection_id));
  return (
    <Menu position="top">
      <Menu.Target>
        <Button
          size="xs"
          variant="default"
          loading={move.isPending}
          leftSection={<IconFolderSymlink size={16} aria-hidden />}
        >
          Move to
        </Button>
      </Menu.Target>
      <Menu.Dropdown mah={320} style={{ overflowY: "auto" }}>
        {collections.data?.items.map(({ id, name }) => (
          <Menu.Item
            key={id}
            leftSection={<IconFolder size={16} aria-hidden />}
            disabled={here.size === 1 && here.has(id)}
            onClick={() => moveTo(id, name)}
          >
            {name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
