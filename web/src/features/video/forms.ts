/** What of a video can be played in a page. */

import type { Form, StoredArtifactView, VideoDetailView } from "@/shared/api";

const FILES = new Set(["rendition", "proxy"]);

export function formsOf({ artifacts }: VideoDetailView): Form[] {
  const hls = artifacts.some(({ role }) => role === "hls");
  const file = artifacts.some(({ role, name }) => FILES.has(role) && /\.(mp4|m4v|webm|mov)$/i.test(name));
  return [...(hls ? ["hls" as const] : []), ...(file ? ["file" as const] : []), "original"];
}

/** The picture to show before it plays. */
export function posterOf({ artifacts }: VideoDetailView): StoredArtifactView | undefined {
  return (
    artifacts.filter(({ role }) => role === "thumbnail").at(1) ??
    artifacts.find(({ role }) => role === "thumbnail")
  );
}

export type Kind = "streams" | "files" | "clips" | "pictures" | "sound" | "subtitles" | "reports";

const KINDS: Record<string, Kind> = {
  hls: "streams",
  dash: "streams",
  clip: "clips",
  rendition: "files",
  proxy: "files",
  preview: "files",
  thumbnail: "pictures",
  storyboard: "pictures",
  audio: "sound",
  subtitles: "subtitles",
  report: "reports",
};

export function kindOf({ role }: { role: string }): Kind {
  return KINDS[role] ?? "files";
}
