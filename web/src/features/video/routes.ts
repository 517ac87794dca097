/** One video: watching, cutting and comparing it. */
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { inside } from "@/shared/routing/parents";

const video = createRoute({
  getParentRoute: () => inside,
  path: "/videos/$videoId",
  component: lazyRouteComponent(() => import("./VideoPage"), "VideoPage"),
});

const compare = createRoute({
  getParentRoute: () => inside,
  path: "/videos/$videoId/compare",
  component: lazyRouteComponent(() => import("./ComparePage"), "ComparePage"),
});

export const videoRoutes = [video, compare] as const;
