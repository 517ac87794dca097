import { Badge, Button, Code, Switch, Text } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { apiQueries, type KeyView, keysListOptions, keysRevokeMutation } from "@/shared/api";
import { day } from "@/shared/format";
import { useSelf } from "@/shared/session";
import { EmptyState, PageHeader, toast } from "@/shared/ui";
import { Ago } from "../parts/Ago";
import { Confirm } from "../parts/Confirm";
import { type Column, DataTable } from "../parts/DataTable";
import { Loaded } from "../parts/Loaded";
import { Panel } from "../parts/Panel";
import { NewKeyDialog } from "./NewKeyDialog";

const route = getRouteApi("/inside/account/keys");

/** Keys with which programs act for oneself. */
export function KeysPage() {
  const self = useSelf();
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const everybody = self.admin && search.everybody === true;
  const [creating, setCreating] = useState(false);
  const [revoking, setRevoking] = useState<KeyView>();
  const keys = useQuery(keysListOptions({ query: { everybody } }));
  return (
    <>
      <PageHeader title="API keys">
        <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setCreating(true)}>
          New key
        </Button>
      </PageHeader>
      <Panel
        title={everybody ? "Everybody's keys" : "Your keys"}
        says="A key never allows more than its owner may, and no key can make keys."
        actions={
          self.admin && (
            <Switch
              label="Everybody's"
              checked={everybody}
              onChange={(event) =>
                void navigate({ search: event.currentTarget.checked ? { everybody: true } : {} })
              }
            />
          )
        }
      >
        <Loaded query={keys}>
          {(found) =>
            found.length === 0 ? (
              <EmptyState title="No key yet">
                With a key, programs and scripts use the API as you. Make one and copy it: it is shown once.
              </EmptyState>
            ) : (
              <DataTable
                name="API keys"
                rows={found}
                keyOf={({ id }) => id}
                columns={columns(everybody, setRevoking)}
              />
            )
          }
        </Loaded>
      </Panel>
      {creating && <NewKeyDialog onClose={() => setCreating(false)} />}
      {revoking !== undefined && <Revocation of={revoking} onClose={() => setRevoking(undefined)} />}
    </>
  );
}

function columns(everybody: boolean, onRevoke: (key: KeyView) => void): Column<KeyView>[] {
  const owner: Column<KeyView> = { label: "Owner", cell: ({ user }) => user ?? "the installation" };
  return [
    {
      label: "Name",
      cell: ({ name, prefix }) => (
        <div>
          <Text size="sm" fw={600}>
            {name}
          </Text>
          <Code>{prefix}…</Code>
        </div>
      ),
    },
    ...(everybody ? [owner] : []),
    { label: "Scope", cell: ({ scope }) => <Badge variant="light">{scope}</Badge> },
    { label: "Workspace", cell: ({ workspace }) => workspace ?? "all" },
    { label: "Used", cell: ({ used_at }) => <Ago at={used_at} /> },
    { label: "Ends", cell: ({ expires_at }) => <Expiry at={expires_at} /> },
    {
      label: "",
      cell: (key) => (
        <Button
          size="compact-sm"
          variant="subtle"
          color="red"
          aria-label={`Revoke ${key.name}`}
          onClick={() => onRevoke(key)}
        >
          Revoke
        </Button>
      ),
    },
  ];
}

function Expiry({ at }: { at: string | null }) {
  if (at === null) return "never";
  return Date.parse(at) < Date.now() ? <Badge color="gray">{`Ended ${day(at)}`}</Badge> : day(at);
}

function Revocation({ of: key, onClose }: { of: KeyView; onClose: () => void }) {
  const queries = useQueryClient();
  const revoke = useMutation({
    ...keysRevokeMutation(),
    onError: toast.problem,
    onSuccess: () => toast.done(`The key ${key.name} does nothing any more.`),
    onSettled: () => {
      onClose();
      return queries.invalidateQueries(apiQueries("keysList"));
    },
  });
  return (
    <Confirm
      title="Revoke this key?"
      name={key.name}
      does="Revoke it"
      busy={revoke.isPending}
      onClose={onClose}
      onConfirm={() => revoke.mutate({ path: { key_id: key.id } })}
    >
      Programs that use it are refused at once. It cannot be taken back.
    </Confirm>
  );
}
