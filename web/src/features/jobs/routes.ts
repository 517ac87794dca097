/** What was asked for, and asking for more. */
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { inside } from "@/shared/routing/parents";

const jobs = createRoute({
  getParentRoute: () => inside,
  path: "/jobs",
  component: lazyRouteComponent(() => import("./JobsPage"), "JobsPage"),
});

const job = createRoute({
  getParentRoute: () => inside,
  path: "/jobs/$jobId",
  component: lazyRouteComponent(() => import("./JobPage"), "JobPage"),
});

const newJob = createRoute({
  getParentRoute: () => inside,
  path: "/new-job",
  validateSearch: (search: Record<string, unknown>): { video?: string } => ({
    video: typeof search.video === "string" ? search.video : undefined,
  }),
  component: lazyRouteComponent(() => import("./NewJobPage"), "NewJobPage"),
});

export const jobsRoutes = [jobs, job, newJob] as const;
