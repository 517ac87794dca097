/** Pages whose code is fetched when they are first opened. */
import { lazyRouteComponent as fetched } from "@tanstack/react-router";
import { network } from "@/shared/live/network";

/** TanStack's, but for a dropped network: the page then opens as soon as there is one again. */
export const lazyRouteComponent: typeof fetched = (load, name) =>
  fetched(async () => {
    await network();
    return load();
  }, name);
