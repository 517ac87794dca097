/** For those who run the installation or a workspace, and one's own account. */
import { createRoute } from "@tanstack/react-router";
import { lazyRouteComponent } from "@/shared/routing/lazy";
import { inside } from "@/shared/routing/parents";
import { auditSearch, deliveriesSearch, statisticsSearch } from "./search";

const admin = createRoute({
  getParentRoute: () => inside,
  path: "/admin",
  component: lazyRouteComponent(() => import("./AdminLayout"), "AdminLayout"),
});

const overview = createRoute({
  getParentRoute: () => admin,
  path: "/",
  component: lazyRouteComponent(() => import("./overview/OverviewPage"), "OverviewPage"),
});

const queue = createRoute({
  getParentRoute: () => admin,
  path: "/queue",
  component: lazyRouteComponent(() => import("./queue/QueuePage"), "QueuePage"),
});

const workers = createRoute({
  getParentRoute: () => admin,
  path: "/workers",
  validateSearch: (search: Record<string, unknown>): { gone?: true } => (search.gone ? { gone: true } : {}),
  component: lazyRouteComponent(() => import("./workers/WorkersPage"), "WorkersPage"),
});

const statistics = createRoute({
  getParentRoute: () => admin,
  path: "/statistics",
  validateSearch: statisticsSearch,
  component: lazyRouteComponent(() => import("./statistics/StatisticsPage"), "StatisticsPage"),
});

const users = createRoute({
  getParentRoute: () => admin,
  path: "/users",
  component: lazyRouteComponent(() => import("./users/UsersPage"), "UsersPage"),
});

const workspaces = createRoute({
  getParentRoute: () => admin,
  path: "/workspaces",
  component: lazyRouteComponent(() => import("./workspace/WorkspacesPage"), "WorkspacesPage"),
});

const storage = createRoute({
  getParentRoute: () => admin,
  path: "/storage",
  component: lazyRouteComponent(() => import("./storage/StoragePage"), "StoragePage"),
});

const audit = createRoute({
  getParentRoute: () => admin,
  path: "/audit",
  validateSearch: auditSearch,
  component: lazyRouteComponent(() => import("./audit/AuditPage"), "AuditPage"),
});

const settings = createRoute({
  getParentRoute: () => admin,
  path: "/settings",
  validateSearch: (search: Record<string, unknown>): { find?: string } =>
    typeof search.find === "string" && search.find !== "" ? { find: search.find } : {},
  component: lazyRouteComponent(() => import("./settings/SettingsPage"), "SettingsPage"),
});

const workspace = createRoute({
  getParentRoute: () => inside,
  path: "/workspaces/$workspace",
  component: lazyRouteComponent(() => import("./workspace/WorkspaceLayout"), "WorkspaceLayout"),
});

const workspaceSettings = createRoute({
  getParentRoute: () => workspace,
  path: "/",
  component: lazyRouteComponent(() => import("./workspace/WorkspaceSettingsPage"), "WorkspaceSettingsPage"),
});

const members = createRoute({
  getParentRoute: () => workspace,
  path: "/members",
  component: lazyRouteComponent(() => import("./workspace/MembersPage"), "MembersPage"),
});

const workspaceStatistics = createRoute({
  getParentRoute: () => workspace,
  path: "/statistics",
  validateSearch: statisticsSearch,
  component: lazyRouteComponent(() => import("./workspace/WorkspaceStatistics"), "WorkspaceStatistics"),
});

const webhooks = createRoute({
  getParentRoute: () => workspace,
  path: "/webhooks",
  component: lazyRouteComponent(() => import("./webhooks/WebhooksPage"), "WebhooksPage"),
});

const deliveries = createRoute({
  getParentRoute: () => workspace,
  path: "/webhooks/$webhookId",
  validateSearch: deliveriesSearch,
  component: lazyRouteComponent(() => import("./webhooks/DeliveriesPage"), "DeliveriesPage"),
});

const account = createRoute({
  getParentRoute: () => inside,
  path: "/account",
  component: lazyRouteComponent(() => import("./account/AccountLayout"), "AccountLayout"),
});

const signIn = createRoute({
  getParentRoute: () => account,
  path: "/",
  component: lazyRouteComponent(() => import("./account/SignInPage"), "SignInPage"),
});

const keys = createRoute({
  getParentRoute: () => account,
  path: "/keys",
  validateSearch: (search: Record<string, unknown>): { everybody?: true } =>
    search.everybody ? { everybody: true } : {},
  component: lazyRouteComponent(() => import("./account/KeysPage"), "KeysPage"),
});

export const adminRoutes = [
  admin.addChildren([overview, queue, workers, statistics, users, workspaces, storage, audit, settings]),
  workspace.addChildren([workspaceSettings, members, workspaceStatistics, webhooks, deliveries]),
  account.addChildren([signIn, keys]),
] as const;
