/** All routes, put together; and what is done where nobody is signed in any more. */
import { createRoute, createRouter, redirect } from "@tanstack/react-router";
import { adminRoutes } from "@/features/admin/routes";
import { jobsRoutes } from "@/features/jobs/routes";
import { videoRoutes } from "@/features/video/routes";
import { videosRoutes } from "@/features/videos/routes";
import { queryClientFor } from "@/shared/api";
import { heedNetwork } from "@/shared/live/network";
import { inside, root } from "@/shared/routing/parents";
import { LoginPage } from "./LoginPage";
import { MissingPage, RouteProblem } from "./RouteProblem";
import { Shell } from "./Shell";

export const queryClient = queryClientFor((problem) => {
  if (problem.status === 401) signInAgain();
});

heedNetwork();

root.update({ notFoundComponent: MissingPage });

const front = createRoute({
  getParentRoute: () => inside,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/videos", replace: true });
  },
});

const login = createRoute({
  getParentRoute: () => root,
  path: "/login",
  validateSearch: (search: Record<string, unknown>): { to?: string } => ({ to: ownPath(search.to) }),
  component: LoginPage,
});

inside.update({ component: Shell });

const tree = root.addChildren([
  login,
  inside.addChildren([front, ...videosRoutes, ...videoRoutes, ...jobsRoutes, ...adminRoutes]),
]);

export const router = createRouter({
  routeTree: tree,
  context: { queryClient },
  defaultPreload: "intent",
  // Queries know how old their answers are.
  defaultPreloadStaleTime: 0,
  defaultErrorComponent: RouteProblem,
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}

/** A path of this site and nothing else: what comes after signing in is read from the address. */
export function ownPath(to: unknown): string | undefined {
  return typeof to === "string" && /^\/(?![/\\])/.test(to) && !to.startsWith("/login") ? to : undefined;
}

function signInAgain(): void {
  const { pathname, href } = router.state.location;
  if (pathname === "/login") return;
  queryClient.clear();
  router.navigate({ to: "/login", search: { to: ownPath(href) } });
}
