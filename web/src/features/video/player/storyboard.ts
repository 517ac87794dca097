/** Small pictures above the bar: a WebVTT index of sheets. */

import { useQuery } from "@tanstack/react-query";
import { fromHere, type StoredArtifactView, type VideoDetailView, videosStreamUrl } from "@/shared/api";

export type Thumb = {
  from: number;
  to: number;
  sheet: string;
  x: number;
  y: number;
  width: number;
  height: number;
};

export type Storyboard = { thumbs: Thumb[]; sheets: Record<string, string> };

/** Its pictures stay in the page: the addresses only have to last until they were read. */
const LIFETIME_S = 24 * 3600;
const CUE = /^(?<from>[\d:.]+)\s+-->\s+(?<to>[\d:.]+)/;
const PLACE = /^(?<sheet>[^#]+)#xywh=(?<x>\d+),(?<y>\d+),(?<width>\d+),(?<height>\d+)$/;

/** The pictures of an index; lines that say anything else are left out. */
export function thumbsOf(text: string): Thumb[] {
  const found: Thumb[] = [];
  const lines = text.split(/\r?\n/);
  for (const [number, line] of lines.entries()) {
    const cue = CUE.exec(line)?.groups;
    const place = PLACE.exec(lines[number + 1]?.trim() ?? "")?.groups;
    if (cue === undefined || place === undefined) continue;
    found.push({
      from: secondsOf(cue.from ?? ""),
      to: secondsOf(cue.to ?? ""),
      sheet: place.sheet ?? "",
      x: Number(place.x),
      y: Number(place.y),
      width: Number(place.width),
      height: Number(place.height),
    });
  }
  return found;
}

function secondsOf(time: string): number {
  return time.split(":").reduce((total, part) => total * 60 + Number(part), 0);
}

/** The picture at a moment. */
export function thumbAt(thumbs: readonly Thumb[], seconds: number): Thumb | undefined {
  return thumbs.find(({ from, to }) => from <= seconds && seconds < to) ?? thumbs.at(-1);
}

/** The video's newest storyboard with addresses of its sheets; undefined where there is none (yet). */
export function useStoryboard(video: VideoDetailView): Storyboard | undefined {
  const index = video.artifacts
    .filter(({ name }) => name.endsWith("storyboard.vtt"))
    .toSorted((one, other) => one.created_at.localeCompare(other.created_at))
    .at(-1);
  const { data } = useQuery({
    queryKey: ["storyboard", index?.id],
    enabled: index !== undefined,
    staleTime: (LIFETIME_S * 1000) / 2,
    queryFn: () => (index === undefined ? undefined : read(video, index)),
  });
  return data;
}

async function read(video: VideoDetailView, index: StoredArtifactView): Promise<Storyboard> {
  const folder = index.name.slice(0, index.name.lastIndexOf("/") + 1);
  const answer = await fetch(await addressOfArtifact(video.id, index.id));
  const thumbs = thumbsOf(answer.ok ? await answer.text() : "");
  const names = new Set(thumbs.map(({ sheet }) => sheet));
  const sheets = video.artifacts.filter(
    ({ job_id, name }) =>
      job_id === index.job_id && name.startsWith(folder) && names.has(name.slice(folder.length)),
  );
  const addresses = await Promise.all(
    sheets.map(async ({ id, name }) => [name.slice(folder.length), await addressOfArtifact(video.id, id)]),
  );
  return { thumbs, sheets: Object.fromEntries(addresses) };
}

/** An address that shows an artifact. */
export async function addressOfArtifact(videoId: string, artifact: string): Promise<string> {
  const { data } = await videosStreamUrl({
    path: { video_id: videoId },
    query: { artifact, lifetime: LIFETIME_S },
    throwOnError: true,
  });
  return fromHere(data.url);
}
