import { ActionIcon, Group, Select, Skeleton, Slider, Stack, Text } from "@mantine/core";
import { IconPlayerPauseFilled, IconPlayerPlayFilled } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { type VideoDetailView, videosShowOptions } from "@/shared/api";
import { bytes, duration as clock } from "@/shared/format";
import { EmptyState, PageHeader, ProblemNote } from "@/shared/ui";
import { Measure } from "./compare/Measure";
import { Stage } from "./compare/Stage";
import { useCurves } from "./compare/scores";
import { VmafChart } from "./compare/VmafChart";
import { MakeStream } from "./MakeStream";
import { mainVideo, mediaOf, rateOf, shownSize } from "./media";
import { usePlayerKeys } from "./player/keys";
import { seekTo, toggle, usePlayback } from "./player/usePlayback";
import { TextLink } from "./TextLink";

const route = getRouteApi("/inside/videos/$videoId/compare");
const ORIGINAL = "original";

/** Two files of one video, picture beside picture. */
export function ComparePage() {
  const { videoId } = route.useParams();
  const { data, error, refetch } = useQuery(videosShowOptions({ path: { video_id: videoId } }));
  return (
    <>
      <TextLink to="/videos/$videoId" params={{ videoId }} size="sm">
        {data?.title ?? "The video"}
      </TextLink>
      <PageHeader title="Compare" />
      {error !== null ? (
        <ProblemNote error={error} onRetry={() => void refetch()} />
      ) : data === undefined ? (
        <Skeleton h="50vh" />
      ) : (
        <Comparison video={data} />
      )}
    </>
  );
}

function Comparison({ video }: { video: VideoDetailView }) {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const [film, setFilm] = useState<HTMLVideoElement | null>(null);
  const playback = usePlayback(film);
  const curves = useCurves(video);
  const media = mediaOf(video.media);
  const stream = mainVideo(media);
  const durationS = (media?.duration_us ?? 0) / 1e6;
  const rate = rateOf(stream);
  usePlayerKeys({ film, rate, fullScreen: () => undefined, captions: () => undefined });
  const choices = [
    { value: ORIGINAL, label: `Original · ${bytes(video.bytes)}` },
    ...video.artifacts
      .filter(({ role, name }) => ["rendition", "proxy"].includes(role) && /\.(mp4|m4v|webm|mov)$/.test(name))
      .map(({ id, name, bytes: size }) => ({ value: id, label: `${name} · ${bytes(size)}` })),
  ];
  if (choices.length < 2 || stream === null)
    return (
      <EmptyState title="There is nothing to compare yet" action={<MakeStream video={video} />}>
        A stream makes renditions, which can be set beside the original.
      </EmptyState>
    );
  const size = shownSize(stream);
  const known = (id: string | undefined, otherwise: string) =>
    choices.some(({ value }) => value === id) && id !== undefined ? id : otherwise;
  const a = known(search.a, ORIGINAL);
  const b = known(search.b, choices.at(-1)?.value ?? ORIGINAL);
  const side = (id: string) => ({
    id: id === ORIGINAL ? undefined : id,
    label: choices.find(({ value }) => value === id)?.label ?? "",
  });
  const choose = (change: { a?: string; b?: string }) =>
    void navigate({ search: { ...search, ...change }, replace: true });
  return (
    <Stack>
      <Group grow>
        <Select
          label="Left"
          data={choices}
          value={a}
          allowDeselect={false}
          onChange={(id) => choose({ a: id ?? a })}
        />
        <Select
          label="Right"
          data={choices}
          value={b}
          allowDeselect={false}
          onChange={(id) => choose({ b: id ?? b })}
        />
      </Group>
      <Stage
        videoId={video.id}
        durationS={durationS}
        ratio={size.width / size.height}
        a={side(a)}
        b={side(b)}
        onFilm={setFilm}
      />
      <Group wrap="nowrap">
        <ActionIcon
          size="lg"
          aria-label={playback.paused ? "Play" : "Pause"}
          onClick={() => film !== null && toggle(film)}
        >
          {playback.paused ? <IconPlayerPlayFilled size={18} /> : <IconPlayerPauseFilled size={18} />}
        </ActionIcon>
        <Slider
          flex={1}
          thumbLabel="Position"
          label={(seconds) => clock(seconds * 1000)}
          min={0}
          max={durationS}
          step={1 / rate}
          value={playback.time}
          onChange={(seconds) => film !== null && seekTo(film, seconds)}
        />
        <Text size="sm" style={{ fontVariantNumeric: "tabular-nums" }}>
          {clock(playback.time * 1000)} / {clock(durationS * 1000)}
        </Text>
      </Group>
      {curves.length > 0 ? (
        <VmafChart
          curves={curves}
          durationS={durationS}
          time={playback.time}
          onSeek={(seconds) => film !== null && seekTo(film, seconds)}
        />
      ) : (
        <Measure video={video} />
      )}
    </Stack>
  );
}
