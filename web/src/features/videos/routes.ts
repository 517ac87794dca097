/** Where videos are found and brought in. */
import { createRoute } from "@tanstack/react-router";
import { lazyRouteComponent } from "@/shared/routing/lazy";
import { inside } from "@/shared/routing/parents";
import { placeOf, searchOf } from "./search";

export type { Place } from "./search";

const videos = createRoute({
  getParentRoute: () => inside,
  path: "/videos",
  validateSearch: searchOf,
  component: lazyRouteComponent(() => import("./VideosPage"), "VideosPage"),
});

const upload = createRoute({
  getParentRoute: () => inside,
  path: "/upload",
  validateSearch: placeOf,
  component: lazyRouteComponent(() => import("./UploadPage"), "UploadPage"),
});

export const videosRoutes = [videos, upload] as const;
