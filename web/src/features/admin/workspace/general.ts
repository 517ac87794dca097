/** What is edited of a workspace besides its rules, and what of it was changed. */
import type { WorkspaceView } from "@/shared/api";

export const GB = 1e9;
export type General = Pick<WorkspaceView, "name" | "title" | "pipeline" | "quota_bytes">;

export function generalOf({ name, title, pipeline, quota_bytes }: WorkspaceView): General {
  return { name, title, pipeline, quota_bytes };
}

/** Only what differs: what is left away stays, and names and quotas are not for everybody to send. */
export function changed(before: General, after: General): Partial<General> {
  const changes: Partial<General> = {};
  if (after.name !== before.name) changes.name = after.name;
  if (after.title !== before.title) changes.title = after.title;
  if (after.pipeline !== before.pipeline) changes.pipeline = after.pipeline;
  if (after.quota_bytes !== before.quota_bytes) changes.quota_bytes = after.quota_bytes;
  return changes;
}
