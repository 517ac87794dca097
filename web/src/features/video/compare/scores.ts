/** VMAF of renditions, as quality jobs measured it. */

import { useQuery } from "@tanstack/react-query";
import type { StoredArtifactView, VideoDetailView } from "@/shared/api";
import { addressOfArtifact } from "../player/storyboard";

export type Score = { seconds: number; vmaf: number };
export type Curve = { name: string; scores: Score[] };

/** The columns of a `frames.csv` that are drawn; lines without a score are left out. */
export function scoresOf(csv: string): Score[] {
  const [head = "", ...lines] = csv.trim().split(/\r?\n/);
  const columns = head.split(",");
  const time = columns.indexOf("time");
  const vmaf = columns.indexOf("vmaf");
  if (time < 0 || vmaf < 0) return [];
  return lines
    .map((line) => line.split(","))
    .filter((cells) => (cells[vmaf] ?? "") !== "")
    .map((cells) => ({ seconds: Number(cells[time]), vmaf: Number(cells[vmaf]) }));
}

export function mean(scores: readonly Score[]): number {
  return scores.reduce((total, { vmaf }) => total + vmaf, 0) / Math.max(1, scores.length);
}

/** The newest curve of each rendition. */
export function useCurves(video: VideoDetailView): Curve[] {
  const newest = new Map<string, StoredArtifactView>();
  for (const one of video.artifacts.toSorted((a, b) => a.created_at.localeCompare(b.created_at))) {
    const name = /(?:^|\/)([^/]+)\/frames\.csv$/.exec(one.name)?.[1];
    if (name !== undefined) newest.set(name, one);
  }
  const files = [...newest];
  const { data = [] } = useQuery({
    queryKey: ["vmaf", ...files.map(([, { id }]) => id)],
    enabled: files.length > 0,
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: () =>
      Promise.all(
        files.map(async ([name, { id }]) => {
          const answer = await fetch(await addressOfArtifact(video.id, id));
          return { name, scores: scoresOf(answer.ok ? await answer.text() : "") };
        }),
      ),
  });
  return data.filter(({ scores }) => scores.length > 0);
}
