/** What the server tells of jobs (docs/live.md), and what the connection itself has to tell. */
import type { ErrorView, JobState } from "@/shared/api";

export type StateEvent = {
  type: "state";
  id: number;
  change: string;
  job_id: string;
  workspace_id: string | null;
  state: JobState;
  at: string;
  error: ErrorView | null;
  priority: number | null;
};

export type Progress = {
  job_id: string;
  workspace_id: string | null;
  state: JobState;
  percent: number;
  step: string | null;
  tasks_total: number;
  tasks_done: number;
  speed: number | null;
  eta_ms: number | null;
};

export type LiveEvent =
  | StateEvent
  | { type: "progress"; jobs: Progress[] }
  | { type: "log"; job_id: string; id: number; [more: string]: unknown }
  /** Some events are lost: look at the jobs themselves. */
  | { type: "gap"; since: number; oldest: number }
  /** Connected again after a break. */
  | { type: "back" }
  /** The session has ended. */
  | { type: "ended" }
  | { type: "subscribed" | "unsubscribed" | "pong" | "error" };

export type LiveStatus = "off" | "connecting" | "live" | "waiting";
