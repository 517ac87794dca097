import { Outlet } from "@tanstack/react-router";
import { useSelf } from "@/shared/session";
import { NotForYou } from "./parts/NotForYou";
import { Tabs } from "./parts/Tabs";

const PLACES = [
  { to: "/admin", label: "Overview" },
  { to: "/admin/queue", label: "Queue" },
  { to: "/admin/workers", label: "Workers" },
  { to: "/admin/statistics", label: "Statistics" },
  { to: "/admin/users", label: "Users" },
  { to: "/admin/workspaces", label: "Workspaces" },
  { to: "/admin/storage", label: "Storage" },
  { to: "/admin/audit", label: "Audit" },
  { to: "/admin/settings", label: "Settings" },
] as const;

/** What is for those who run the installation, and for nobody else. */
export function AdminLayout() {
  if (!useSelf().admin) {
    return (
      <NotForYou title="Administration">
        These pages are for admins of this installation. Your own password, sessions and keys are on your
        account's page.
      </NotForYou>
    );
  }
  return (
    <>
      <Tabs name="Administration" places={PLACES} />
      <Outlet />
    </>
  );
}
