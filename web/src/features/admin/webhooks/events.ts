/** What a webhook may be told. */
export const EVENTS = [
  "job.submitted",
  "job.planned",
  "job.started",
  "job.paused",
  "job.resumed",
  "job.retried",
  "job.reprioritised",
  "job.completed",
  "job.failed",
  "job.cancelled",
  "video.ready",
  "video.failed",
  "video.deleted",
];

/** How jobs end. */
export const USUAL = ["job.completed", "job.failed", "job.cancelled"];
