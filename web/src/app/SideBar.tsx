import { AppShell, ScrollArea, Text } from "@mantine/core";
import { IconAdjustments, IconMovie, IconPlus, IconStack2 } from "@tabler/icons-react";
import { useNavigate, useRouterState } from "@tanstack/react-router";
import { lazy, type ReactNode, Suspense } from "react";
import { useShortcut } from "@/shared/keyboard";
import { useSelf } from "@/shared/session";
import { PlaceLink } from "./PlaceLink";
import classes from "./Shell.module.css";
import { WorkspaceTree } from "./WorkspaceTree";

type Target = "/videos" | "/jobs" | "/new-job" | "/admin";

const NewWorkspace = lazy(async () => ({
  default: (await import("@/features/videos/places/PlaceMenu")).NewWorkspace,
}));

function Place({ to, label, icon }: { to: Target; label: string; icon: ReactNode }) {
  const here = useRouterState({ select: ({ location }) => location.pathname });
  const active = here === to || here.startsWith(`${to}/`);
  return (
    <PlaceLink
      to={to}
      label={label}
      leftSection={icon}
      active={active}
      aria-current={active ? "page" : undefined}
      className={classes.link}
    />
  );
}

/** The places one can go to, and the workspaces with their collections. */
export function SideBar() {
  const self = useSelf();
  const navigate = useNavigate();
  useShortcut({ keys: "g v", does: "Videos", group: "Go to" }, () => void navigate({ to: "/videos" }));
  useShortcut({ keys: "g j", does: "Jobs", group: "Go to" }, () => void navigate({ to: "/jobs" }));
  useShortcut({ keys: "n", does: "New job", group: "Go to" }, () => void navigate({ to: "/new-job" }));
  return (
    <>
      <AppShell.Section p="xs" pb={0}>
        <Place to="/videos" label="Videos" icon={<IconMovie size={18} aria-hidden />} />
        <Place to="/jobs" label="Jobs" icon={<IconStack2 size={18} aria-hidden />} />
        <Place to="/new-job" label="New job" icon={<IconPlus size={18} aria-hidden />} />
        {self.admin && <Place to="/admin" label="Admin" icon={<IconAdjustments size={18} aria-hidden />} />}
      </AppShell.Section>
      <AppShell.Section grow component={ScrollArea} px="xs" pb="xs">
        <div className={classes.place}>
          <Text component="h2" className={classes.heading} flex={1}>
            Workspaces
          </Text>
          <Suspense>
            <NewWorkspace />
          </Suspense>
        </div>
        <WorkspaceTree />
      </AppShell.Section>
    </>
  );
}
