/** What a probe says of a video, as far as the page shows it. The API calls it unknown. */

export type VideoStream = {
  index: number;
  codec: string;
  width: number;
  height: number;
  frame_rate: string;
  sar: string;
  rotation: number;
  profile: string | null;
  pixel_format: string;
  bit_depth: number;
  bit_rate: number | null;
  color_transfer: string | null;
  field_order: string | null;
  frame_count: number | null;
  is_vfr: boolean;
  is_cover: boolean;
  dolby_vision: boolean;
};

export type SoundStream = {
  index: number;
  codec: string;
  channels: number;
  sample_rate: number;
  layout: string | null;
  language: string | null;
  bit_rate: number | null;
};

export type Media = {
  container: string;
  duration_us: number;
  bit_rate: number | null;
  video: VideoStream[];
  audio: SoundStream[];
  subtitles: { index: number; codec: string; language: string | null; title: string | null }[];
  chapters: unknown[];
  warnings: unknown[];
};

/** The probe's answer; null where nothing was probed. */
export function mediaOf(said: unknown): Media | null {
  if (typeof said !== "object" || said === null || !("duration_us" in said)) return null;
  const { video = [], audio = [], subtitles = [], chapters = [], warnings = [], ...rest } = said as Media;
  return { ...rest, video, audio, subtitles, chapters, warnings };
}

/** The stream that is the film, not its cover. */
export function mainVideo(media: Media | null): VideoStream | null {
  return media?.video.find((stream) => !stream.is_cover) ?? null;
}

/** Pictures in a second; 25 where nothing says so. */
export function rateOf(stream: VideoStream | null): number {
  const [above = 0, below = 1] = (stream?.frame_rate ?? "").split("/").map(Number);
  const rate = above / (below || 1);
  return Number.isFinite(rate) && rate > 0 ? rate : 25;
}

/** Width by height as it is shown: turned, with square pixels. */
export function shownSize(stream: VideoStream): { width: number; height: number } {
  const [above = 1, below = 1] = stream.sar.split("/").map(Number);
  const width = Math.round((stream.width * (above || 1)) / (below || 1));
  const turned = Math.abs(stream.rotation) % 180 === 90;
  return turned ? { width: stream.height, height: width } : { width, height: stream.height };
}
