import { Button, Switch } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { adminListWorkersOptions } from "@/shared/api";
import { PageHeader } from "@/shared/ui";
import { Confirm } from "../parts/Confirm";
import { Loaded } from "../parts/Loaded";
import { Panel } from "../parts/Panel";
import { useDraining } from "./draining";
import { WorkersTable } from "./WorkersTable";

const route = getRouteApi("/inside/admin/workers");

/** Processes that take steps, on any machine; each can be asked to finish and end. */
export function WorkersPage() {
  const { gone = false } = route.useSearch();
  const navigate = route.useNavigate();
  const [asking, setAsking] = useState(false);
  const workers = useQuery({ ...adminListWorkersOptions({ query: { gone } }), refetchInterval: 5000 });
  const drain = useDraining();
  const active = (workers.data ?? []).filter(({ state, drained }) => state === "active" && !drained);
  return (
    <>
      <PageHeader title="Workers">
        <Button variant="default" disabled={active.length === 0} onClick={() => setAsking(true)}>
          Drain all
        </Button>
      </PageHeader>
      <Panel
        title="Processes"
        says="A drained worker finishes what it is at and ends. It can be taken back until the worker has heard it, which takes seconds."
        actions={
          <Switch
            label="Also those that have gone"
            checked={gone}
            onChange={(event) => void navigate({ search: event.currentTarget.checked ? { gone: true } : {} })}
          />
        }
      >
        <Loaded query={workers}>
          {(found) => (
            <WorkersTable
              workers={found}
              onDrain={(ids, wanted) =>
                wanted && active.length === 1 ? setAsking(true) : drain(ids, wanted)
              }
            />
          )}
        </Loaded>
      </Panel>
      {asking && (
        <Confirm
          title={active.length === 1 ? "Drain the only worker?" : "Drain all workers?"}
          does="Drain"
          busy={false}
          onClose={() => setAsking(false)}
          onConfirm={() => {
            drain(
              active.map(({ id }) => id),
              true,
            );
            setAsking(false);
          }}
        >
          Whatever they are at is finished; then new jobs wait until a worker is started again. These pages
          stay.
        </Confirm>
      )}
    </>
  );
}
