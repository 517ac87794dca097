import { Progress, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { adminShowStorageOptions, type WorkspaceUseView } from "@/shared/api";
import { bytes, number, percent } from "@/shared/format";
import { EmptyState, PageHeader } from "@/shared/ui";
import { DataTable } from "../parts/DataTable";
import { Loaded } from "../parts/Loaded";
import { TextLink } from "../parts/links";
import { Panel } from "../parts/Panel";
import { CleanupPanel } from "./CleanupPanel";
import { RetentionPanel } from "./RetentionPanel";

/** The room that is taken, by whom, by what, and how to get some of it back. */
export function StoragePage() {
  const storage = useQuery(adminShowStorageOptions());
  return (
    <>
      <PageHeader title="Storage" />
      <Panel
        title="Use"
        says={storage.data && `${bytes(storage.data.bytes)} in ${number(storage.data.objects)} objects`}
      >
        <Loaded query={storage}>
          {({ workspaces }) =>
            workspaces.length === 0 ? (
              <EmptyState title="Nothing is stored">There is no workspace yet.</EmptyState>
            ) : (
              <DataTable
                name="Use by workspace"
                rows={workspaces}
                keyOf={({ id }) => id}
                columns={[
                  { label: "Workspace", cell: (use) => <Name use={use} /> },
                  { label: "Objects", figure: true, cell: ({ objects }) => number(objects) },
                  { label: "Stored", figure: true, cell: (use) => bytes(use.bytes) },
                  { label: "Of its quota", cell: (use) => <Quota use={use} /> },
                  { label: "Of what", cell: (use) => <Kinds use={use} /> },
                ]}
              />
            )
          }
        </Loaded>
      </Panel>
      <RetentionPanel />
      <CleanupPanel />
    </>
  );
}

function Name({ use: { name } }: { use: WorkspaceUseView }) {
  if (name === "") return "being deleted";
  return (
    <TextLink to="/workspaces/$workspace" params={{ workspace: name }} size="sm" fw={600}>
      {name}
    </TextLink>
  );
}

function Quota({ use }: { use: WorkspaceUseView }) {
  if (use.quota_bytes === null) return "no limit";
  const share = use.quota_bytes === 0 ? 100 : (100 * use.bytes) / use.quota_bytes;
  return (
    <div style={{ minWidth: 120 }}>
      <Text size="xs" data-figures>
        {percent(share)} of {bytes(use.quota_bytes)}
      </Text>
      <Progress
        value={Math.min(100, share)}
        color={share >= 90 ? "red" : undefined}
        aria-label={`${use.name}: ${percent(share)} of its quota`}
      />
    </div>
  );
}

function Kinds({ use }: { use: WorkspaceUseView }) {
  const roles = use.roles.toSorted((one, other) => other.bytes - one.bytes);
  return (
    <Text size="xs" c="dimmed">
      {roles.length === 0 ? "–" : roles.map((one) => `${one.role} ${bytes(one.bytes)}`).join(" · ")}
    </Text>
  );
}
