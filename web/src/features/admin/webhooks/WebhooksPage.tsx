import { Badge, Button, Text } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { type WebhookView, webhooksListOptions } from "@/shared/api";
import { EmptyState, PageHeader } from "@/shared/ui";
import { Ago } from "../parts/Ago";
import { DataTable } from "../parts/DataTable";
import { Loaded } from "../parts/Loaded";
import { TextLink } from "../parts/links";
import { Panel } from "../parts/Panel";
import { WebhookActions } from "./WebhookActions";
import { WebhookDialog } from "./WebhookDialog";

const route = getRouteApi("/inside/workspaces/$workspace/webhooks");

/** Addresses that are told what becomes of a workspace's jobs and videos. */
export function WebhooksPage() {
  const { workspace } = route.useParams();
  const [creating, setCreating] = useState(false);
  const webhooks = useQuery(webhooksListOptions({ path: { workspace } }));
  return (
    <>
      <PageHeader title={`Webhooks of ${workspace}`}>
        <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setCreating(true)}>
          New webhook
        </Button>
      </PageHeader>
      <Panel
        title="Addresses"
        says="Each is told what becomes of this workspace's jobs and videos, signed with its secret."
      >
        <Loaded query={webhooks}>
          {({ items }) =>
            items.length === 0 ? (
              <EmptyState title="Nobody is told yet">
                Add the address of a program that wants to hear when a job is done or fails.
              </EmptyState>
            ) : (
              <DataTable
                name="Webhooks"
                rows={items}
                keyOf={({ id }) => id}
                columns={[
                  {
                    label: "Address",
                    cell: (webhook) => <Address workspace={workspace} webhook={webhook} />,
                  },
                  { label: "State", cell: (webhook) => <State webhook={webhook} /> },
                  { label: "Told", cell: ({ events }) => <Text size="xs">{events.join(", ")}</Text> },
                  { label: "Since", cell: ({ created_at }) => <Ago at={created_at} /> },
                  {
                    label: "",
                    cell: (webhook) => <WebhookActions workspace={workspace} webhook={webhook} />,
                  },
                ]}
              />
            )
          }
        </Loaded>
      </Panel>
      {creating && <WebhookDialog workspace={workspace} onClose={() => setCreating(false)} />}
    </>
  );
}

function Address({ workspace, webhook: { id, url, note } }: { workspace: string; webhook: WebhookView }) {
  return (
    <div>
      <TextLink
        to="/workspaces/$workspace/webhooks/$webhookId"
        params={{ workspace, webhookId: id }}
        size="sm"
        fw={600}
      >
        {url}
      </TextLink>
      {note !== "" && (
        <Text size="xs" c="dimmed">
          {note}
        </Text>
      )}
    </div>
  );
}

function State({ webhook }: { webhook: WebhookView }) {
  if (!webhook.enabled) {
    return (
      <div>
        <Badge color="gray">Off</Badge>
        {webhook.disabled_because !== null && (
          <Text size="xs" c="dimmed">
            {webhook.disabled_because}
          </Text>
        )}
      </div>
    );
  }
  if (webhook.failing_since !== null) return <Badge color="yellow">Failing</Badge>;
  return <Badge variant="light">On</Badge>;
}
