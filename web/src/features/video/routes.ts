/** One video: watching, cutting and comparing it. */

import { createRoute } from "@tanstack/react-router";
import { lazyRouteComponent } from "@/shared/routing/lazy";
import { inside } from "@/shared/routing/parents";

export const TABS = ["about", "cut", "files", "jobs"] as const;
export type Tab = (typeof TABS)[number];

const video = createRoute({
  getParentRoute: () => inside,
  path: "/videos/$videoId",
  validateSearch: ({ tab }: Record<string, unknown>): { tab?: Tab } => ({
    tab: TABS.find((one) => one === tab),
  }),
  component: lazyRouteComponent(() => import("./VideoPage"), "VideoPage"),
});

const compare = createRoute({
  getParentRoute: () => inside,
  path: "/videos/$videoId/compare",
  validateSearch: ({ a, b }: Record<string, unknown>): { a?: string; b?: string } => ({
    a: typeof a === "string" ? a : undefined,
    b: typeof b === "string" ? b : undefined,
  }),
  component: lazyRouteComponent(() => import("./ComparePage"), "ComparePage"),
});

export const videoRoutes = [video, compare] as const;
