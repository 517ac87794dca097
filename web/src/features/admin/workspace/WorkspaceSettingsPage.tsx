import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import {
  apiQueries,
  type WorkspaceView,
  workspacesDeleteMutation,
  workspacesShowOptions,
} from "@/shared/api";
import { bytes, counted } from "@/shared/format";
import { useSelf } from "@/shared/session";
import { PageHeader, toast } from "@/shared/ui";
import { Confirm } from "../parts/Confirm";
import { Loaded } from "../parts/Loaded";
import { Panel } from "../parts/Panel";
import { GeneralForm } from "./GeneralForm";
import { RetentionForm } from "./RetentionForm";

const route = getRouteApi("/inside/workspaces/$workspace/");

/** What a workspace is called, what its new videos get, and how long things are kept. */
export function WorkspaceSettingsPage() {
  const { workspace: name } = route.useParams();
  const self = useSelf();
  const found = useQuery(workspacesShowOptions({ path: { workspace: name } }));
  return (
    <>
      <PageHeader title={`Settings of ${name}`} />
      <Loaded query={found}>
        {(workspace) => (
          <>
            <Panel
              title="General"
              says={`${counted(workspace.videos, "video")}, ${bytes(workspace.stored_bytes)}`}
            >
              <GeneralForm key={workspace.updated_at} workspace={workspace} />
            </Panel>
            <Panel title="How long things are kept" says="What is left empty is kept for ever.">
              <RetentionForm key={workspace.updated_at} workspace={workspace} />
            </Panel>
            {self.admin && <Deletion workspace={workspace} />}
          </>
        )}
      </Loaded>
    </>
  );
}

function Deletion({ workspace }: { workspace: WorkspaceView }) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const [asking, setAsking] = useState(false);
  const remove = useMutation({
    ...workspacesDeleteMutation(),
    onError: toast.problem,
    onSuccess: async () => {
      toast.done(`The workspace ${workspace.name} is deleted.`);
      await navigate({ to: "/admin/workspaces" });
      await queries.invalidateQueries(apiQueries("workspacesList", "videosList"));
    },
  });
  return (
    <Panel title="Delete" says="With every video in it. It cannot be taken back.">
      <Button color="red" variant="light" onClick={() => setAsking(true)}>
        Delete this workspace
      </Button>
      {asking && (
        <Confirm
          title={`Delete ${workspace.name}?`}
          name={workspace.name}
          does="Delete it"
          busy={remove.isPending}
          onClose={() => setAsking(false)}
          onConfirm={() => remove.mutate({ path: { workspace: workspace.id } })}
        >
          {counted(workspace.videos, "video")} of {bytes(workspace.stored_bytes)} go with it, and what was
          made from them.
        </Confirm>
      )}
    </Panel>
  );
}
