import { AppShell, Burger, Group, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useQueryClient } from "@tanstack/react-query";
import { Link, Outlet, useRouterState } from "@tanstack/react-router";
import { lazy, Suspense, useEffect } from "react";
import { live, patchesOf } from "@/shared/live";
import { RowsSkeleton } from "@/shared/ui";
import { Help } from "./Help";
import { LiveMark } from "./LiveMark";
import { Mark } from "./Mark";
import { SchemeMenu } from "./SchemeMenu";
import classes from "./Shell.module.css";
import { SideBar } from "./SideBar";
import { UserMenu } from "./UserMenu";

const UploadTray = lazy(async () => ({
  default: (await import("@/features/videos/upload/UploadTray")).UploadTray,
}));

/** What stands around every page: the bar above, the one at the side, and the page itself. */
export function Shell() {
  const [opened, { toggle, close }] = useDisclosure();
  const path = useRouterState({ select: ({ location }) => location.href });
  const queries = useQueryClient();

  // biome-ignore lint/correctness/useExhaustiveDependencies: another page closes the drawer
  useEffect(close, [path]);
  useEffect(() => {
    const deafen = live.listen(patchesOf(queries));
    live.start();
    return () => {
      live.stop();
      deafen();
    };
  }, [queries]);

  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 248, breakpoint: "sm", collapsed: { mobile: !opened } }}
      padding={{ base: "md", md: "lg" }}
    >
      <a className="skip-link" href="#page">
        Skip to the page
      </a>
      <AppShell.Header className={classes.bar}>
        <Group h="100%" px="md" justify="space-between" wrap="nowrap">
          <Group gap="sm" wrap="nowrap">
            <Burger
              opened={opened}
              onClick={toggle}
              hiddenFrom="sm"
              size="sm"
              aria-label="Navigation"
              aria-expanded={opened}
            />
            <Link to="/videos" className={classes.home}>
              <Mark size={26} />
              <Text fw={660} component="span">
                Framemill
              </Text>
            </Link>
          </Group>
          <Group gap={4} wrap="nowrap">
            <LiveMark />
            <Help />
            <SchemeMenu />
            <UserMenu />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar className={classes.bar} aria-label="Places">
        <SideBar />
      </AppShell.Navbar>
      <AppShell.Main id="page" tabIndex={-1} className={classes.page}>
        <Suspense fallback={<RowsSkeleton />}>
          <Outlet />
        </Suspense>
      </AppShell.Main>
      <Suspense>
        <UploadTray />
      </Suspense>
    </AppShell>
  );
}
