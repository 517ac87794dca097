import { Button, NativeSelect, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { membersListOptions } from "@/shared/api";
import { useSelf } from "@/shared/session";
import { EmptyState, PageHeader } from "@/shared/ui";
import { Ago } from "../parts/Ago";
import { DataTable } from "../parts/DataTable";
import { Loaded } from "../parts/Loaded";
import { Panel } from "../parts/Panel";
import { AddMember } from "./AddMember";
import { isRole, ROLE_NAMES, ROLES, useMembership } from "./membership";

const route = getRouteApi("/inside/workspaces/$workspace/members");

/** Who may come into a workspace, and as what. */
export function MembersPage() {
  const { workspace } = route.useParams();
  const self = useSelf();
  const members = useQuery(membersListOptions({ path: { workspace } }));
  const { put, remove } = useMembership(workspace);
  return (
    <>
      <PageHeader title={`Members of ${workspace}`} />
      <Panel title="Add a member">
        <AddMember onAdd={put} members={members.data?.items ?? []} />
      </Panel>
      <Panel
        title="Members"
        says="Viewers watch. Operators upload and run jobs as well. Managers also delete, and steer this workspace. Admins come in everywhere and are not listed."
      >
        <Loaded query={members}>
          {({ items }) =>
            items.length === 0 ? (
              <EmptyState title="Nobody but admins">Add somebody above: they are in at once.</EmptyState>
            ) : (
              <DataTable
                name="Members"
                rows={items}
                keyOf={({ user_id }) => user_id}
                columns={[
                  {
                    label: "Name",
                    cell: ({ name }) => (
                      <Text size="sm" fw={600}>
                        {name}
                        {name === self.name ? " (you)" : ""}
                      </Text>
                    ),
                  },
                  {
                    label: "Role",
                    cell: (member) => (
                      <NativeSelect
                        size="xs"
                        w={130}
                        aria-label={`Role of ${member.name}`}
                        value={member.role}
                        data={ROLES.map((role) => ({ value: role, label: ROLE_NAMES[role] }))}
                        onChange={({ currentTarget: { value } }) =>
                          isRole(value) && put({ name: member.name, role: value, before: member.role })
                        }
                      />
                    ),
                  },
                  { label: "Since", cell: ({ since }) => <Ago at={since} /> },
                  {
                    label: "",
                    cell: (member) => (
                      <Button
                        size="compact-sm"
                        variant="subtle"
                        color="red"
                        aria-label={`Remove ${member.name}`}
                        onClick={() => remove(member)}
                      >
                        Remove
                      </Button>
                    ),
                  },
                ]}
              />
            )
          }
        </Loaded>
      </Panel>
    </>
  );
}
