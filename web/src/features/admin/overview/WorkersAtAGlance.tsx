import { Anchor } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { adminListWorkersOptions } from "@/shared/api";
import { Loaded } from "../parts/Loaded";
import { Panel } from "../parts/Panel";
import { WorkersTable } from "../workers/WorkersTable";

/** Who is there, with what they are at. */
export function WorkersAtAGlance() {
  const workers = useQuery({ ...adminListWorkersOptions(), refetchInterval: 5000 });
  return (
    <Panel
      title="Workers"
      actions={
        <Anchor component={Link} to="/admin/workers" size="sm">
          All about workers
        </Anchor>
      }
    >
      <Loaded query={workers}>{(found) => <WorkersTable workers={found} />}</Loaded>
    </Panel>
  );
}
