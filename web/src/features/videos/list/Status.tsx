import { Loader } from "@mantine/core";
import { IconAlertTriangle, IconClock } from "@tabler/icons-react";
import type { JobView, VideoView } from "@/shared/api";
import { percent } from "@/shared/format";
import classes from "./list.module.css";

/** Where a video stands: the bytes of it, then what is being made of it. */
export function Status({ video, job }: { video: VideoView; job: JobView | undefined }) {
  if (video.state === "failed") {
    return (
      <span className={classes.status} data-kind="bad" title={video.error?.message}>
        <IconAlertTriangle size={14} aria-hidden /> Failed
      </span>
    );
  }
  if (job?.state === "running") {
    return (
      <span className={classes.status} data-kind="work" title={job.step ?? undefined}>
        <Loader size={12} aria-hidden /> Processing {percent(job.progress)}
      </span>
    );
  }
  if (job !== undefined) {
    return (
      <span className={classes.status}>
        <IconClock size={14} aria-hidden /> {job.state === "paused" ? "Paused" : "Waiting"}
      </span>
    );
  }
  if (video.state === "uploading") {
    return (
      <span className={classes.status} data-kind="work">
        <Loader size={12} aria-hidden /> Arriving
      </span>
    );
  }
  return <span className={classes.status}>Ready</span>;
}
