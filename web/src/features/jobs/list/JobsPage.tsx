import { Button, Center, Group, Stack, Text } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { jobsListInfiniteOptions } from "@/shared/api";
import { counted } from "@/shared/format";
import { EmptyState, PageHeader, ProblemNote, RowsSkeleton } from "@/shared/ui";
import { PageButton } from "../links";
import { useSteering } from "../steering";
import { BatchNote } from "./BatchNote";
import { Filters } from "./Filters";
import { JobsTable } from "./JobsTable";

const route = getRouteApi("/inside/jobs");

/** What was asked for, the newest first, as it goes. */
export function JobsPage() {
  const search = route.useSearch();
  const found = useInfiniteQuery({
    ...jobsListInfiniteOptions({ query: { ...search, limit: 50 } }),
    initialPageParam: {},
    getNextPageParam: ({ next_cursor }) => (next_cursor ? { query: { cursor: next_cursor } } : undefined),
  });
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const { run, pending } = useSteering();
  const jobs = found.data?.pages.flatMap(({ items }) => items) ?? [];
  const chosen = jobs.filter(({ id }) => selected.has(id));
  const filtered = Object.values(search).some((value) => value !== undefined);

  function steerChosen(how: "cancel" | "retry") {
    run(how, chosen);
    setSelected(new Set());
  }

  return (
    <>
      <PageHeader title="Jobs">
        <PageButton to="/new-job" leftSection={<IconPlus size={16} />}>
          New job
        </PageButton>
      </PageHeader>
      <Stack gap="md">
        <Filters />
        {search.batch !== undefined && <BatchNote id={search.batch} />}
        <Group mih={30} gap="xs" role="group" aria-label="With the selected jobs">
          <Text size="sm" c="dimmed">
            {chosen.length === 0
              ? counted(jobs.length, "job") + (found.hasNextPage ? " and more" : "")
              : `${chosen.length} selected`}
          </Text>
          {chosen.length > 0 && (
            <>
              <Button size="xs" variant="default" loading={pending} onClick={() => steerChosen("cancel")}>
                Cancel
              </Button>
              <Button size="xs" variant="default" loading={pending} onClick={() => steerChosen("retry")}>
                Retry
              </Button>
            </>
          )}
        </Group>
        {found.isError && <ProblemNote error={found.error} onRetry={found.refetch} />}
        {found.isPending && <RowsSkeleton />}
        {found.isSuccess && jobs.length === 0 && (
          <EmptyState
            title={filtered ? "No job is like that" : "No jobs yet"}
            action={
              filtered ? (
                <PageButton to="/jobs" variant="default">
                  Show all jobs
                </PageButton>
              ) : (
                <PageButton to="/new-job">Make the first one</PageButton>
              )
            }
          >
            {filtered
              ? "Loosen the filters."
              : "Cutting, encoding, measuring: what is asked for appears here."}
          </EmptyState>
        )}
        {jobs.length > 0 && <JobsTable jobs={jobs} selected={selected} onSelect={setSelected} />}
        {found.hasNextPage && (
          <Center>
            <Button
              variant="default"
              loading={found.isFetchingNextPage}
              onClick={() => found.fetchNextPage()}
            >
              Older ones
            </Button>
          </Center>
        )}
      </Stack>
    </>
  );
}
