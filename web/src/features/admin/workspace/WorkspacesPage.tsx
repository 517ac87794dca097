import { Button, Text } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { type WorkspaceView, workspacesListOptions } from "@/shared/api";
import { bytes, number } from "@/shared/format";
import { EmptyState, PageHeader } from "@/shared/ui";
import { Ago } from "../parts/Ago";
import { DataTable } from "../parts/DataTable";
import { Loaded } from "../parts/Loaded";
import { ButtonLink, TextLink } from "../parts/links";
import { Panel } from "../parts/Panel";
import { NewWorkspaceDialog } from "./NewWorkspaceDialog";

/** Which workspaces there are. */
export function WorkspacesPage() {
  const [creating, setCreating] = useState(false);
  const workspaces = useQuery(workspacesListOptions());
  return (
    <>
      <PageHeader title="Workspaces">
        <Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setCreating(true)}>
          New workspace
        </Button>
      </PageHeader>
      <Panel title="All workspaces" says="What is in one exists for its members and for admins only.">
        <Loaded query={workspaces}>
          {({ items }) =>
            items.length === 0 ? (
              <EmptyState title="No workspace yet">Videos live in workspaces: make one to begin.</EmptyState>
            ) : (
              <DataTable
                name="Workspaces"
                rows={items}
                keyOf={({ id }) => id}
                columns={[
                  { label: "Name", cell: (workspace) => <Name workspace={workspace} /> },
                  { label: "Videos", figure: true, cell: ({ videos }) => number(videos) },
                  { label: "Stored", figure: true, cell: ({ stored_bytes }) => bytes(stored_bytes) },
                  {
                    label: "Quota",
                    figure: true,
                    cell: ({ quota_bytes }) => (quota_bytes === null ? "none" : bytes(quota_bytes)),
                  },
                  { label: "New videos get", cell: ({ pipeline }) => pipeline },
                  { label: "Since", cell: ({ created_at }) => <Ago at={created_at} /> },
                  {
                    label: "",
                    cell: ({ name }) => (
                      <ButtonLink
                        to="/workspaces/$workspace/members"
                        params={{ workspace: name }}
                        size="compact-sm"
                        variant="default"
                        aria-label={`Members of ${name}`}
                      >
                        Members
                      </ButtonLink>
                    ),
                  },
                ]}
              />
            )
          }
        </Loaded>
      </Panel>
      {creating && <NewWorkspaceDialog onClose={() => setCreating(false)} />}
    </>
  );
}

function Name({ workspace }: { workspace: WorkspaceView }) {
  return (
    <div>
      <TextLink to="/workspaces/$workspace" params={{ workspace: workspace.name }} size="sm" fw={600}>
        {workspace.name}
      </TextLink>
      {workspace.title !== workspace.name && (
        <Text size="xs" c="dimmed">
          {workspace.title}
        </Text>
      )}
    </div>
  );
}
