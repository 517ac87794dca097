import { Badge } from "@mantine/core";
import type { JobState } from "@/shared/api";

const COLOURS: Record<JobState, string> = {
  queued: "gray",
  running: "blue",
  paused: "yellow",
  completed: "mill",
  failed: "red",
  cancelled: "gray",
};

/** Where a job stands. */
export function StateMark({ state }: { state: JobState }) {
  return (
    <Badge variant="light" color={COLOURS[state]} flex="none">
      {state}
    </Badge>
  );
}
