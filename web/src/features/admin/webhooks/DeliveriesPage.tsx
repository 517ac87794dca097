import { Badge, Button, Code, NativeSelect, Stack, Text } from "@mantine/core";
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import {
  apiQueries,
  type DeliveryView,
  webhooksListDeliveriesInfiniteOptions,
  webhooksRedeliverMutation,
  webhooksShowOptions,
} from "@/shared/api";
import { moment } from "@/shared/format";
import { EmptyState, PageHeader, ProblemNote, RowsSkeleton, toast } from "@/shared/ui";
import { DataTable } from "../parts/DataTable";
import { Panel } from "../parts/Panel";
import { DELIVERY_STATES } from "../search";

import { useTesting } from "./testing";

const route = getRouteApi("/inside/workspaces/$workspace/webhooks/$webhookId");

/** What an address was told, with every attempt; each can be sent again. */
export function DeliveriesPage() {
  const { workspace, webhookId } = route.useParams();
  const { state } = route.useSearch();
  const navigate = route.useNavigate();
  const path = { workspace, webhook_id: webhookId };
  const webhook = useQuery(webhooksShowOptions({ path }));
  const found = useInfiniteQuery({
    ...webhooksListDeliveriesInfiniteOptions({ path, query: { state, limit: 50 } }),
    initialPageParam: { path },
    getNextPageParam: ({ next_cursor }) => next_cursor,
    refetchInterval: 10_000,
  });
  const test = useTesting();
  const deliveries = found.data?.pages.flatMap(({ items }) => items);
  return (
    <>
      <PageHeader title="Deliveries">
        <Button variant="default" loading={test.isPending} onClick={() => test.mutate({ path })}>
          Send a test message
        </Button>
      </PageHeader>
      {webhook.isError && <ProblemNote error={webhook.error} />}
      <Panel
        title="Messages"
        says={webhook.data?.url}
        actions={
          <NativeSelect
            size="xs"
            aria-label="State"
            value={state ?? ""}
            data={[{ value: "", label: "All" }, ...DELIVERY_STATES]}
            onChange={({ currentTarget: { value } }) =>
              void navigate({ search: { state: DELIVERY_STATES.find((one) => one === value) } })
            }
          />
        }
      >
        {found.isError && <ProblemNote error={found.error} onRetry={() => void found.refetch()} />}
        {found.isPending && <RowsSkeleton />}
        {deliveries?.length === 0 && (
          <EmptyState title="Nothing was sent yet">Send a test message to see whether it arrives.</EmptyState>
        )}
        {deliveries !== undefined && deliveries.length > 0 && (
          <Messages deliveries={deliveries} path={path} />
        )}
        {found.hasNextPage && (
          <Button
            variant="default"
            mt="sm"
            loading={found.isFetchingNextPage}
            onClick={() => void found.fetchNextPage()}
          >
            Show more
          </Button>
        )}
      </Panel>
    </>
  );
}

type MessagesProps = {
  deliveries: readonly DeliveryView[];
  path: { workspace: string; webhook_id: string };
};

function Messages({ deliveries, path }: MessagesProps) {
  const queries = useQueryClient();
  const again = useMutation({
    ...webhooksRedeliverMutation(),
    onError: toast.problem,
    onSuccess: () => toast.done("It is sent again soon, as it was."),
    onSettled: () => queries.invalidateQueries(apiQueries("webhooksListDeliveries")),
  });
  return (
    <DataTable
      name="Messages"
      rows={deliveries}
      keyOf={({ id }) => id}
      columns={[
        { label: "Event", cell: ({ type }) => type },
        { label: "State", cell: (delivery) => <State delivery={delivery} /> },
        { label: "When", cell: ({ created_at }) => <time dateTime={created_at}>{moment(created_at)}</time> },
        { label: "Attempts", cell: (delivery) => <Attempts delivery={delivery} /> },
        {
          label: "",
          cell: ({ id, type, ended_at }) =>
            ended_at !== null && (
              <Button
                size="compact-sm"
                variant="default"
                aria-label={`Send ${type} again`}
                onClick={() => again.mutate({ path: { ...path, delivery_id: id } })}
              >
                Send again
              </Button>
            ),
        },
      ]}
    />
  );
}

function State({ delivery: { state, ended_at } }: { delivery: DeliveryView }) {
  const well = state === "delivered";
  return <Badge color={well ? "mill" : ended_at === null ? "yellow" : "red"}>{state}</Badge>;
}

function Attempts({ delivery: { attempts, payload, next_at } }: { delivery: DeliveryView }) {
  return (
    <details>
      <summary>{attempts.length === 1 ? "1 attempt" : `${attempts.length} attempts`}</summary>
      <Stack gap={4} mt={4} ta="left">
        {attempts.map((one) => (
          <Text key={one.at} size="xs">
            {moment(one.at)}: {one.status ?? one.error ?? one.outcome}, {one.latency_ms} ms
            {one.excerpt === "" ? "" : ` · ${one.excerpt}`}
          </Text>
        ))}
        {next_at !== null && <Text size="xs">Next: {moment(next_at)}</Text>}
        <Code block>{JSON.stringify(payload, null, 2)}</Code>
      </Stack>
    </details>
  );
}
