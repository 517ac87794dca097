import { Skeleton, Stack, Text } from "@mantine/core";
import { IconFolder, IconFolders, IconSettings } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useRouterState } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { collectionsListOptions, problemOf, type WorkspaceView, workspacesListOptions } from "@/shared/api";
import { useMay } from "@/shared/session";
import { PlaceLink } from "./PlaceLink";
import classes from "./Shell.module.css";

const PlaceMenu = lazy(async () => ({
  default: (await import("@/features/videos/places/PlaceMenu")).PlaceMenu,
}));

/** The workspaces one may see; each opens to its collections. */
export function WorkspaceTree() {
  const workspaces = useQuery(workspacesListOptions());
  if (workspaces.isPending) {
    return (
      <Stack gap={6} px="sm" role="status" aria-busy aria-label="Loading">
        <Skeleton h={16} w="60%" />
        <Skeleton h={16} w="45%" />
      </Stack>
    );
  }
  if (workspaces.data === undefined) {
    return (
      <Text size="sm" px="sm" c="dimmed">
        {problemOf(workspaces.error).message}
      </Text>
    );
  }
  if (workspaces.data.items.length === 0) {
    return (
      <Text size="sm" px="sm" c="dimmed">
        You are in no workspace yet. Ask who runs this installation.
      </Text>
    );
  }
  return workspaces.data.items.map((workspace) => (
    <Branch key={workspace.id} workspace={workspace} only={workspaces.data.items.length === 1} />
  ));
}

function Branch({ workspace, only }: { workspace: WorkspaceView; only: boolean }) {
  const place = useRouterState({
    select: ({ location }): { workspace?: string; collection?: string } =>
      location.pathname === "/videos" ? location.search : {},
  });
  const manages = useMay("manager", workspace.id);
  const within = place.workspace === workspace.name;
  const [opened, setOpened] = useState(within || only);
  const collections = useQuery({
    ...collectionsListOptions({ path: { workspace: workspace.name } }),
    enabled: opened,
  });
  const title = workspace.title || workspace.name;
  return (
    <>
      <div className={classes.place}>
        <PlaceLink
          to="/videos"
          search={{ workspace: workspace.name }}
          label={title}
          leftSection={<IconFolders size={18} aria-hidden />}
          active={within && place.collection === undefined}
          onClick={() => setOpened(!(opened && within && place.collection === undefined))}
          className={classes.link}
          aria-expanded={opened}
        />
        <Suspense>
          <PlaceMenu workspace={workspace} />
        </Suspense>
      </div>
      {opened &&
        collections.data?.items.map((collection) => (
          <div key={collection.id} className={classes.place}>
            <PlaceLink
              to="/videos"
              search={{ workspace: workspace.name, collection: collection.name }}
              label={collection.name}
              leftSection={<IconFolder size={16} aria-hidden />}
              active={within && place.collection === collection.name}
              className={classes.link}
              pl={32}
            />
            <Suspense>
              <PlaceMenu workspace={workspace} collection={collection} />
            </Suspense>
          </div>
        ))}
      {opened && manages && (
        <PlaceLink
          to="/workspaces/$workspace"
          params={{ workspace: workspace.name }}
          label="Manage"
          leftSection={<IconSettings size={16} aria-hidden />}
          className={classes.link}
          pl={32}
        />
      )}
    </>
  );
}
