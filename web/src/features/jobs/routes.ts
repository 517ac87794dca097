/** What was asked for, and asking for more. */
import { createRoute } from "@tanstack/react-router";
import { lazyRouteComponent } from "@/shared/routing/lazy";
import { inside } from "@/shared/routing/parents";
import { jobsSearch } from "./list/search";
import { newJobSearch } from "./new/search";

const jobs = createRoute({
  getParentRoute: () => inside,
  path: "/jobs",
  validateSearch: jobsSearch,
  component: lazyRouteComponent(() => import("./list/JobsPage"), "JobsPage"),
});

const job = createRoute({
  getParentRoute: () => inside,
  path: "/jobs/$jobId",
  component: lazyRouteComponent(() => import("./job/JobPage"), "JobPage"),
});

const newJob = createRoute({
  getParentRoute: () => inside,
  path: "/new-job",
  validateSearch: newJobSearch,
  component: lazyRouteComponent(() => import("./new/NewJobPage"), "NewJobPage"),
});

export const jobsRoutes = [jobs, job, newJob] as const;
