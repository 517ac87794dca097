import { Grid, Stack, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { apiQueries, jobsSubmitMutation, type VideoDetailView } from "@/shared/api";
import { toast } from "@/shared/ui";
import type { Storyboard } from "../player/storyboard";
import { seekTo, usePlayback } from "../player/usePlayback";
import { CutJobs } from "./CutJobs";
import { CutOrder } from "./CutOrder";
import { CutTools } from "./CutTools";
import { type Mode, operationOf, useCutPlan, useKeyframes } from "./plan";
import { playRange } from "./playing";
import { RangeList } from "./RangeList";
import { Timeline } from "./Timeline";
import { useRanges } from "./useRanges";

const SETTLED_MS = 400;

type Props = {
  video: VideoDetailView;
  film: HTMLVideoElement | null;
  durationS: number;
  rate: number;
  storyboard: Storyboard | undefined;
};

/** Chooses ranges of the film above, shows what each way of cutting would give, and cuts. */
export function CutEditor({ video, film, durationS, rate, storyboard }: Props) {
  const { time } = usePlayback(film);
  const [zoom, setZoom] = useState(1);
  const [mode, setMode] = useState<Mode>("smart");
  const [joined, setJoined] = useState(false);
  const list = useRanges({ durationS, rate });
  const { ranges, selected } = list;
  const wish = ranges.length > 0 ? operationOf(ranges, mode, joined) : null;
  const [settled] = useDebouncedValue(wish, SETTLED_MS);
  const plan = useCutPlan(video, wish === null ? null : settled);
  const keyframes = useKeyframes(video, durationS);
  const queries = useQueryClient();
  const submit = useMutation({
    ...jobsSubmitMutation(),
    onSuccess: () => queries.invalidateQueries(apiQueries("jobsList")),
    onError: toast.problem,
  });
  const go = (seconds: number) => film !== null && seekTo(film, seconds + 0.001);
  const boundaries = (wish !== null && plan.data?.boundaries) || [];

  return (
    <Stack>
      <CutTools
        film={film}
        rate={rate}
        zoom={zoom}
        onZoom={setZoom}
        onIn={() => list.setIn(film?.currentTime ?? 0)}
        onOut={() => list.setOut(film?.currentTime ?? 0)}
        onAdd={() => list.add(film?.currentTime ?? 0)}
      />
      <Timeline
        film={{ durationS, rate }}
        time={time}
        zoom={zoom}
        ranges={ranges}
        selected={selected?.id}
        keyframes={keyframes.data ?? []}
        moved={mode === "copy" ? boundaries : []}
        storyboard={storyboard}
        onSeek={go}
        onSelect={list.select}
        onIn={(id, seconds) => list.setIn(seconds, id)}
        onOut={(id, seconds) => list.setOut(seconds, id)}
      />
      {keyframes.error !== null && (
        <Text size="xs" c="dimmed">
          Keyframes cannot be shown: {keyframes.error.message}
        </Text>
      )}
      <Grid>
        <Grid.Col span={{ base: 12, md: 7 }}>
          {ranges.length === 0 ? (
            <Text c="dimmed" size="sm" py="md">
              Play to where the clip begins and press I, then to where it ends and press O.
            </Text>
          ) : (
            <RangeList
              ranges={ranges}
              selected={selected?.id}
              boundaries={boundaries}
              mode={mode}
              onSelect={(range) => {
                list.select(range.id);
                go(range.from);
              }}
              onPlay={(range) => film !== null && playRange(film, range)}
              onRemove={(range) => toast.done("Range removed", { undo: list.remove(range.id) })}
            />
          )}
        </Grid.Col>
        <Grid.Col span={{ base: 12, md: 5 }}>
          <CutOrder
            count={ranges.length}
            mode={mode}
            onMode={setMode}
            joined={joined}
            onJoined={setJoined}
            plan={plan}
            busy={submit.isPending}
            onCut={() => wish !== null && submit.mutate({ body: { operation: wish, video: video.id } })}
          />
        </Grid.Col>
      </Grid>
      <CutJobs video={video} latest={submit.data?.id} />
    </Stack>
  );
}
