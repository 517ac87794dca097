import { AspectRatio, Skeleton, Stack, Tabs } from "@mantine/core";
import { IconInfoCircle, IconPackage, IconScissors, IconStack2 } from "@tabler/icons-react";
import { useIsMutating, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useState } from "react";
import { type VideoDetailView, videosShowOptions } from "@/shared/api";
import { useMay } from "@/shared/session";
import { EmptyState, ProblemNote } from "@/shared/ui";
import { CutEditor } from "./cut/CutEditor";
import { deletionOf } from "./deletion";
import { Facts } from "./Facts";
import { Files } from "./Files";
import { formsOf } from "./forms";
import { mainVideo, mediaOf, rateOf, shownSize } from "./media";
import { Player } from "./player/Player";
import { useStoryboard } from "./player/storyboard";
import { usePoster } from "./poster";
import { TABS } from "./routes";
import { VideoHeader } from "./VideoHeader";
import { VideoJobs } from "./VideoJobs";

const route = getRouteApi("/inside/videos/$videoId");

/** One video: watched above, and below it what is known of it and what can be done with it. */
export function VideoPage() {
  const { videoId } = route.useParams();
  const { data, error, refetch } = useQuery(videosShowOptions({ path: { video_id: videoId } }));
  if (data !== undefined) return <Shown key={videoId} video={data} />;
  if (error !== null)
    return error.status === 404 ? (
      <EmptyState title="This video is not here" action={<Link to="/videos">To the videos</Link>}>
        It was deleted, or it belongs to a workspace that you are not in.
      </EmptyState>
    ) : (
      <ProblemNote error={error} onRetry={() => void refetch()} />
    );
  return (
    <Stack role="status" aria-busy aria-label="Loading">
      <Skeleton h={36} w="40%" />
      <Skeleton h="min(56vw, 60dvh)" />
      <Skeleton h={200} />
    </Stack>
  );
}

function Shown({ video }: { video: VideoDetailView }) {
  const { tab = "about" } = route.useSearch();
  const navigate = route.useNavigate();
  const [film, setFilm] = useState<HTMLVideoElement | null>(null);
  const storyboard = useStoryboard(video);
  const poster = usePoster(video);
  const operator = useMay("operator", video.workspace_id);
  const media = mediaOf(video.media);
  const stream = mainVideo(media);
  const rate = rateOf(stream);
  const size = stream === null ? { width: 16, height: 9 } : shownSize(stream);
  const ready = video.state === "ready";
  // Nothing of it is fetched once it is being deleted.
  const going = useIsMutating({ mutationKey: deletionOf(video.id) }) > 0;
  const durationS = (media?.duration_us ?? 0) / 1e6;
  return (
    <>
      <VideoHeader video={video} />
      {going ? (
        <AspectRatio ratio={size.width / size.height} />
      ) : ready ? (
        <Player
          videoId={video.id}
          title={video.title}
          durationS={durationS}
          rate={rate}
          ratio={size.width / size.height}
          forms={formsOf(video)}
          poster={poster}
          storyboard={storyboard}
          onFilm={setFilm}
        />
      ) : (
        <EmptyState title={`This video is ${video.state}`}>
          {video.error === null ? "It can be played as soon as it is here." : video.error.message}
        </EmptyState>
      )}
      <Tabs
        mt="md"
        keepMounted={false}
        value={tab}
        onChange={(next) =>
          void navigate({
            search: { tab: TABS.find((one) => one === next) },
            replace: true,
            resetScroll: false,
          })
        }
      >
        <Tabs.List mb="md">
          <Tabs.Tab value="about" leftSection={<IconInfoCircle size={16} aria-hidden />}>
            About
          </Tabs.Tab>
          {ready && stream !== null && operator && (
            <Tabs.Tab value="cut" leftSection={<IconScissors size={16} aria-hidden />}>
              Cut
            </Tabs.Tab>
          )}
          <Tabs.Tab value="files" leftSection={<IconPackage size={16} aria-hidden />}>
            Files
          </Tabs.Tab>
          <Tabs.Tab value="jobs" leftSection={<IconStack2 size={16} aria-hidden />}>
            Jobs
          </Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="about">
          <Facts video={video} media={media} />
        </Tabs.Panel>
        <Tabs.Panel value="cut">
          {ready && stream !== null && operator && (
            <CutEditor video={video} film={film} durationS={durationS} rate={rate} storyboard={storyboard} />
          )}
        </Tabs.Panel>
        <Tabs.Panel value="files">
          <Files video={video} />
        </Tabs.Panel>
        <Tabs.Panel value="jobs">
          <VideoJobs video={video} />
        </Tabs.Panel>
      </Tabs>
    </>
  );
}
