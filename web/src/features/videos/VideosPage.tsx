import { Skeleton } from "@mantine/core";
import { IconUpload } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { lazy, Suspense } from "react";
import { workspacesListOptions } from "@/shared/api";
import { network } from "@/shared/live/network";
import { ButtonLink } from "@/shared/routing/links";
import { useMay } from "@/shared/session";
import { CardsSkeleton, EmptyState, PageHeader, ProblemNote } from "@/shared/ui";
import { Filters } from "./list/Filters";
import { VideoList } from "./list/VideoList";

const DropZone = lazy(async () => {
  await network();
  return { default: (await import("./upload/DropZone")).DropZone };
});
const route = getRouteApi("/inside/videos");

/** The videos of a workspace, or of one of its collections. */
export function VideosPage() {
  const search = route.useSearch();
  const workspaces = useQuery(workspacesListOptions());
  const items = workspaces.data?.items;
  const workspace = items?.find(({ name }) => name === (search.workspace ?? items[0]?.name));
  const mayUpload = useMay("operator", workspace?.id);
  const title = search.collection ?? (items && items.length > 1 && workspace ? workspace.title : "Videos");

  return (
    <>
      <PageHeader title={title}>
        {mayUpload && workspace !== undefined && (
          <ButtonLink
            to="/upload"
            search={{ workspace: workspace.name, collection: search.collection }}
            leftSection={<IconUpload size={18} aria-hidden />}
          >
            Upload
          </ButtonLink>
        )}
      </PageHeader>
      {workspaces.isPending && (
        <>
          <Skeleton h={36} mb="lg" />
          <CardsSkeleton />
        </>
      )}
      {workspaces.isLoadingError && <ProblemNote error={workspaces.error} onRetry={workspaces.refetch} />}
      {items !== undefined && workspace === undefined && (
        <EmptyState title={search.workspace ? "There is no such workspace" : "You are in no workspace yet"}>
          {search.workspace
            ? "It may have been renamed or deleted. Choose another one at the side."
            : "Ask who runs this installation to let you into one."}
        </EmptyState>
      )}
      {workspace !== undefined && (
        <>
          <Filters search={search} />
          <VideoList
            workspace={workspace}
            search={search}
            key={`${workspace.id} ${search.collection ?? ""}`}
          />
          {mayUpload && (
            <Suspense>
              <DropZone place={{ workspace: workspace.name, collection: search.collection }} />
            </Suspense>
          )}
        </>
      )}
    </>
  );
}
