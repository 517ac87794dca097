import { useQuery } from "@tanstack/react-query";
import { adminListWorkersOptions } from "@/shared/api";
import { Loaded } from "../parts/Loaded";
import { TextLink } from "../parts/links";
import { Panel } from "../parts/Panel";
import { WorkersTable } from "../workers/WorkersTable";

/** Who is there, with what they are at. */
export function WorkersAtAGlance() {
  const workers = useQuery({ ...adminListWorkersOptions(), refetchInterval: 5000 });
  return (
    <Panel
      title="Workers"
      actions={
        <TextLink to="/admin/workers" size="sm">
          All about workers
        </TextLink>
      }
    >
      <Loaded query={workers}>{(found) => <WorkersTable workers={found} />}</Loaded>
    </Panel>
  );
}
