/** What an upload's phase is called, and how far it is. */
import { byteRate, bytes, percent } from "@/shared/format";
import type { Upload } from "./uploads";

export function shareOf({ phase, size }: Upload): number | undefined {
  return "done" in phase && size > 0 ? (100 * phase.done) / size : undefined;
}

/** `Uploading 62 % at 18 MB/s`. */
export function saidOf(upload: Upload): string {
  const { phase, size } = upload;
  const share = percent(shareOf(upload) ?? 0);
  switch (phase.name) {
    case "waiting":
      return "Waiting";
    case "hashing":
      return `Hashing ${share}`;
    case "uploading":
      if (phase.offline) return `Uploading ${share}: waiting for the network`;
      return `Uploading ${share}${phase.perSecond > 0 ? ` at ${byteRate(phase.perSecond)}` : ""} of ${bytes(size)}`;
    case "completing":
      return "Checking what has arrived";
    case "paused":
      return phase.done > 0 ? `Paused at ${share}` : "Paused";
    case "fileless":
      return "Choose the same file again to go on";
    case "there":
      return "Uploaded";
    case "duplicate":
      return "Already here: nothing was uploaded";
    case "failed":
      return [phase.problem.message, phase.problem.hint].filter(Boolean).join(" ");
  }
}
