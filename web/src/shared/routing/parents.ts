/** The routes that all features hang under. What they show is the app's (src/app/router.ts). */
import type { QueryClient } from "@tanstack/react-query";
import { createRootRouteWithContext, createRoute, redirect } from "@tanstack/react-router";
import { problemOf } from "@/shared/api";
import { selfOptions } from "@/shared/session";

export type RouteContext = { queryClient: QueryClient };

export const root = createRootRouteWithContext<RouteContext>()();

/** Only for those who are signed in: with the side bar around it. */
export const inside = createRoute({
  getParentRoute: () => root,
  id: "inside",
  beforeLoad: async ({ context, location }) => {
    try {
      await context.queryClient.ensureQueryData(selfOptions());
    } catch (error) {
      if (problemOf(error).status !== 401) throw error;
      throw redirect({ to: "/login", search: { to: location.href } });
    }
  },
});
