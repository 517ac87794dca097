import { getRouteApi } from "@tanstack/react-router";
import { PageHeader } from "@/shared/ui";
import { Statistics } from "./Statistics";

const route = getRouteApi("/inside/admin/statistics");

/** What became of all jobs. */
export function StatisticsPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  return (
    <>
      <PageHeader title="Statistics" />
      <Statistics search={search} onSearch={(next) => void navigate({ search: next })} />
    </>
  );
}
