import {
  keepPreviousData,
  useInfiniteQuery,
  useQueries,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { useMemo } from "react";
import {
  apiQueries,
  fromHere,
  type JobView,
  jobsListOptions,
  type PicturesView,
  type VideoView,
  videosListInfiniteOptions,
  videosShowPicturesOptions,
} from "@/shared/api";
import { useLive } from "@/shared/live";
import { queryOf, type VideosSearch } from "../search";

const PICTURES_KEPT_MS = 10 * 60_000;

/** A workspace's videos as the address wants them, page after page. */
export function useVideos(workspaceId: string, search: VideosSearch) {
  const pages = useInfiniteQuery({
    ...videosListInfiniteOptions({ path: { workspace: workspaceId }, query: queryOf(search) }),
    initialPageParam: { path: { workspace: workspaceId } },
    getNextPageParam: ({ next_cursor }) => next_cursor ?? undefined,
    placeholderData: keepPreviousData,
  });
  const videos = useMemo(() => pages.data?.pages.flatMap(({ items }) => items) ?? [], [pages.data]);
  return { ...pages, videos };
}

/** What the videos of each page look like, by their ids. */
export function usePictures(workspaceId: string, pages: ReadonlyArray<{ items: VideoView[] }>) {
  const queries = useQueryClient();
  useLive((event) => {
    if (event.type === "state" && event.change === "completed") {
      queries.invalidateQueries(apiQueries("videosShowPictures"));
    }
  });
  return useQueries({
    queries: pages
      .filter(({ items }) => items.length > 0)
      .map(({ items }) => ({
        ...videosShowPicturesOptions({
          path: { workspace: workspaceId },
          query: { video: items.map(({ id }) => id) },
        }),
        staleTime: PICTURES_KEPT_MS,
        placeholderData: keepPreviousData,
        select: readHere,
      })),
    combine: byVideo,
  });
}

function readHere({ items }: { items: PicturesView[] }): PicturesView[] {
  return items.map(({ stills, storyboard, sheets, ...one }) => ({
    ...one,
    stills: stills.map(fromHere),
    storyboard: storyboard && fromHere(storyboard),
    sheets: Object.fromEntries(Object.entries(sheets).map(([name, url]) => [name, fromHere(url)])),
  }));
}

function byVideo(answers: { data?: PicturesView[] }[]): ReadonlyMap<string, PicturesView> {
  return new Map(answers.flatMap(({ data }) => data?.map((one) => [one.video_id, one] as const) ?? []));
}

/** The jobs that work on videos of the workspace now, by video; kept up to date as they go on. */
export function useWork(workspaceId: string): ReadonlyMap<string, JobView> {
  const jobs = useQuery(
    jobsListOptions({
      query: { workspace: workspaceId, state: ["queued", "running", "paused"], limit: 200 },
    }),
  );
  return useMemo(() => {
    const work = new Map<string, JobView>();
    for (const job of jobs.data?.items ?? []) {
      const going = ["queued", "running", "paused"].includes(job.state);
      if (going && job.video_id && work.get(job.video_id)?.state !== "running") work.set(job.video_id, job);
    }
    return work;
  }, [jobs.data]);
}
