/** Where videos are found and brought in. */
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { inside } from "@/shared/routing/parents";

/** Which videos: those of a workspace, or of one of its collections. */
export type Place = { workspace?: string; collection?: string };

function place(search: Record<string, unknown>): Place {
  const text = (value: unknown) => (typeof value === "string" && value !== "" ? value : undefined);
  return { workspace: text(search.workspace), collection: text(search.collection) };
}

const videos = createRoute({
  getParentRoute: () => inside,
  path: "/videos",
  validateSearch: place,
  component: lazyRouteComponent(() => import("./VideosPage"), "VideosPage"),
});

const upload = createRoute({
  getParentRoute: () => inside,
  path: "/upload",
  validateSearch: place,
  component: lazyRouteComponent(() => import("./UploadPage"), "UploadPage"),
});

export const videosRoutes = [videos, upload] as const;
