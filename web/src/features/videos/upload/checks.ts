/** What can be said of a file before anything of it is read. */
import type { Limits } from "@/shared/api";
import { bytes } from "@/shared/format";

/** Why the server would not take it; nothing where it may. */
export function refusalOf(
  { name, size }: { name: string; size: number },
  limits: Limits,
): string | undefined {
  const dot = name.lastIndexOf(".");
  const ending = dot > 0 ? name.slice(dot + 1).toLowerCase() : "";
  if (!limits.types.includes(ending)) {
    const said = ending === "" ? "Files without an ending" : `Files ending in .${ending}`;
    return `${said} are not taken. These are: ${limits.types.join(", ")}.`;
  }
  if (size === 0) return "The file is empty.";
  if (size > limits.max_bytes) {
    return `It has ${bytes(size)}; at most ${bytes(limits.max_bytes)} are taken.`;
  }
  return undefined;
}

/** For the `accept` of a file chooser. */
export function acceptOf(limits: Limits | undefined): string | undefined {
  return limits?.types.map((type) => `.${type}`).join(",");
}
