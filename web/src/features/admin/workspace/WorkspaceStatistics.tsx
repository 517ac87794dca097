import { getRouteApi } from "@tanstack/react-router";
import { PageHeader } from "@/shared/ui";
import { Statistics } from "../statistics/Statistics";

const route = getRouteApi("/inside/workspaces/$workspace/statistics");

/** What became of one workspace's jobs. */
export function WorkspaceStatistics() {
  const { workspace } = route.useParams();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <>
      <PageHeader title={`Statistics of ${workspace}`} />
      <Statistics
        workspace={workspace}
        search={search}
        onSearch={(next) => void navigate({ search: next })}
      />
    </>
  );
}
