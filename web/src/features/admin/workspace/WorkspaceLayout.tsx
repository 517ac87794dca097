import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Outlet } from "@tanstack/react-router";
import { workspacesShowOptions } from "@/shared/api";
import { useMay } from "@/shared/session";
import { PageHeader } from "@/shared/ui";
import { Loaded } from "../parts/Loaded";
import { NotForYou } from "../parts/NotForYou";
import { Tabs } from "../parts/Tabs";

const route = getRouteApi("/inside/workspaces/$workspace");

/** What a workspace's managers steer. */
export function WorkspaceLayout() {
  const { workspace } = route.useParams();
  const found = useQuery(workspacesShowOptions({ path: { workspace } }));
  return (
    <>
      {found.isError && <PageHeader title={workspace} />}
      <Loaded query={found}>{({ id, name }) => <Managed id={id} name={name} />}</Loaded>
    </>
  );
}

function Managed({ id, name }: { id: string; name: string }) {
  if (!useMay("manager", id)) {
    return (
      <NotForYou title={name}>
        The settings of a workspace are for its managers. Ask one of them, or an admin, for what you need.
      </NotForYou>
    );
  }
  const params = { workspace: name };
  return (
    <>
      <Tabs
        name={`Workspace ${name}`}
        places={[
          { to: "/workspaces/$workspace", params, label: "Settings" },
          { to: "/workspaces/$workspace/members", params, label: "Members" },
          { to: "/workspaces/$workspace/webhooks", params, label: "Webhooks" },
          { to: "/workspaces/$workspace/statistics", params, label: "Statistics" },
        ]}
      />
      <Outlet />
    </>
  );
}
