import { Button, Center } from "@mantine/core";
import { useIntersection } from "@mantine/hooks";
import { IconSearchOff, IconUpload } from "@tabler/icons-react";
import { lazy, Suspense, useEffect, useEffectEvent } from "react";
import type { WorkspaceView } from "@/shared/api";
import { network } from "@/shared/live/network";
import { ButtonLink } from "@/shared/routing/links";
import { useMay } from "@/shared/session";
import { CardsSkeleton, EmptyState, ProblemNote, RowsSkeleton } from "@/shared/ui";
import { isFiltered, type VideosSearch } from "../search";
import { useSelection } from "./useSelection";
import { usePictures, useVideos, useWork } from "./useVideos";
import { VideoGrid } from "./VideoGrid";
import { VideoTable } from "./VideoTable";

const BulkBar = lazy(async () => {
  await network();
  return { default: (await import("../bulk/BulkBar")).BulkBar };
});

type Props = { workspace: WorkspaceView; search: VideosSearch };

export function VideoList({ workspace, search }: Props) {
  const { videos, data, isPending, isError, error, refetch, isPlaceholderData, ...more } = useVideos(
    workspace.id,
    search,
  );
  const pictures = usePictures(workspace.id, data?.pages ?? []);
  const work = useWork(workspace.id);
  const { chosen, selected, toggle, all, clear } = useSelection(videos);
  const table = search.view === "table";

  function showMore() {
    if (more.isFetchingNextPage || more.isFetchNextPageError) return;
    void more.fetchNextPage();
  }

  if (isPending) return table ? <RowsSkeleton /> : <CardsSkeleton />;
  if (isError && videos.length === 0) return <ProblemNote error={error} onRetry={refetch} />;
  if (videos.length === 0 && !more.hasNextPage) return <Nothing workspace={workspace} search={search} />;

  const List = table ? VideoTable : VideoGrid;
  return (
    <div style={isPlaceholderData ? { opacity: 0.6 } : undefined} aria-busy={isPlaceholderData}>
      <List
        videos={videos}
        total={more.hasNextPage ? -1 : videos.length}
        pictures={pictures}
        work={work}
        selected={selected}
        onSelect={toggle}
      />
      {more.isFetchNextPageError && <ProblemNote error={error} onRetry={() => more.fetchNextPage()} />}
      {more.hasNextPage && <More busy={more.isFetchingNextPage} seen={videos.length} onMore={showMore} />}
      {chosen.length > 0 && (
        <Suspense>
          <BulkBar workspace={workspace} videos={chosen} listed={videos.length} onAll={all} onDone={clear} />
        </Suspense>
      )}
    </div>
  );
}

type MoreProps = { busy: boolean; seen: number; onMore: () => void };

/** What follows comes by itself when the end comes into sight. */
function More({ busy, seen, onMore }: MoreProps) {
  const { ref, entry } = useIntersection({ rootMargin: "600px" });
  const near = entry?.isIntersecting ?? false;
  const follow = useEffectEvent(onMore);
  // biome-ignore lint/correctness/useExhaustiveDependencies: with each row more the end may still be in sight
  useEffect(() => {
    if (near && !busy) follow();
  }, [near, busy, seen]);
  return (
    <Center ref={ref} mt="xl" mih={36}>
      <Button variant="default" loading={busy} onClick={onMore}>
        Show more
      </Button>
    </Center>
  );
}

function Nothing({ workspace, search }: Props) {
  const mayUpload = useMay("operator", workspace.id);
  if (isFiltered(search)) {
    return (
      <EmptyState
        title="Nothing fits"
        icon={<IconSearchOff size={28} />}
        action={
          <ButtonLink
            variant="default"
            to="/videos"
            search={{ workspace: search.workspace, collection: search.collection, view: search.view }}
          >
            Show all videos
          </ButtonLink>
        }
      >
        No video here has all of what you asked for.
      </EmptyState>
    );
  }
  return (
    <EmptyState
      title="No videos yet"
      icon={<IconUpload size={28} />}
      action={
        mayUpload && (
          <ButtonLink to="/upload" search={{ workspace: workspace.name, collection: search.collection }}>
            Upload videos
          </ButtonLink>
        )
      }
    >
      {mayUpload
        ? "Drop films or sound anywhere on this page, choose files, or import one by its address."
        : "Who may upload here can add some; you will see them as they come."}
    </EmptyState>
  );
}
