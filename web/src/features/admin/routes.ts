/** For those who run the installation. */
import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { inside } from "@/shared/routing/parents";

const admin = createRoute({
  getParentRoute: () => inside,
  path: "/admin",
  component: lazyRouteComponent(() => import("./AdminPage"), "AdminPage"),
});

export const adminRoutes = [admin] as const;
