import { Button, Menu, Text } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { adminListAuditInfiniteOptions } from "@/shared/api";
import { number } from "@/shared/format";
import { EmptyState, PageHeader, ProblemNote, RowsSkeleton } from "@/shared/ui";
import { Panel } from "../parts/Panel";
import { auditQuery } from "../search";
import { AuditFilters } from "./AuditFilters";
import { Events } from "./Events";

const route = getRouteApi("/inside/admin/audit");

/** What was done, by whom, from where. */
export function AuditPage() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const query = auditQuery(search);
  const trail = useInfiniteQuery({
    ...adminListAuditInfiniteOptions({ query: { ...query, limit: 50, total: true } }),
    initialPageParam: {},
    getNextPageParam: ({ next_cursor }) => next_cursor,
  });
  const events = trail.data?.pages.flatMap(({ items }) => items);
  const total = trail.data?.pages[0]?.total ?? null;
  return (
    <>
      <PageHeader title="Audit">
        <Export query={query} />
      </PageHeader>
      <Panel title="Filter">
        <AuditFilters search={search} onSearch={(next) => void navigate({ search: next, replace: true })} />
      </Panel>
      <Panel title="Events" says={total === null ? "The newest first" : `${number(total)}, the newest first`}>
        {trail.isError && <ProblemNote error={trail.error} onRetry={() => void trail.refetch()} />}
        {trail.isPending && <RowsSkeleton />}
        {events?.length === 0 && (
          <EmptyState title="Nothing like this was done">Try another filter.</EmptyState>
        )}
        {events !== undefined && events.length > 0 && (
          <Events events={events} onSeek={(next) => void navigate({ search: { ...search, ...next } })} />
        )}
        {trail.hasNextPage && (
          <Button
            variant="default"
            mt="sm"
            loading={trail.isFetchingNextPage}
            onClick={() => void trail.fetchNextPage()}
          >
            Show more
          </Button>
        )}
      </Panel>
    </>
  );
}

function Export({ query }: { query: ReturnType<typeof auditQuery> }) {
  const address = (format: string) => {
    const words = Object.entries({ ...query, format }).map(([name, value]) => [name, String(value)]);
    return `/api/v1/admin/audit/export?${new URLSearchParams(words)}`;
  };
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default" leftSection={<IconDownload size={16} aria-hidden />}>
          Export
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>
          <Text size="xs">All that the filter finds; that it was read is written down too</Text>
        </Menu.Label>
        <Menu.Item component="a" href={address("csv")} download>
          CSV
        </Menu.Item>
        <Menu.Item component="a" href={address("jsonl")} download>
          JSON lines
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
