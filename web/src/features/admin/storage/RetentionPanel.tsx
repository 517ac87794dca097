import { Button, Group, Stack } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import {
  adminKeepRetentionMutation,
  adminListRetentionOptions,
  apiQueries,
  type RulesView,
} from "@/shared/api";
import { bytes } from "@/shared/format";
import { ProblemNote, toast } from "@/shared/ui";
import { Confirm } from "../parts/Confirm";
import { DataTable } from "../parts/DataTable";
import { Loaded } from "../parts/Loaded";
import { ButtonLink } from "../parts/links";
import { Panel } from "../parts/Panel";
import { sentenceOf } from "../workspace/rules";
import { Removals } from "./Removals";

/** The rules of every workspace; what they would take now, and taking it. */
export function RetentionPanel() {
  const rules = useQuery(adminListRetentionOptions());
  const trial = useMutation(adminKeepRetentionMutation());
  const [tried, setTried] = useState<RulesView>();
  function tryOut(one: RulesView) {
    setTried(one);
    trial.mutate({ body: { workspace: one.workspace_id, dry_run: true } });
  }
  return (
    <Panel title="Retention" says="Rules are kept to by themselves every so often; here at once.">
      <Loaded query={rules}>
        {(found) => (
          <DataTable
            name="Retention by workspace"
            rows={found}
            keyOf={({ workspace_id }) => workspace_id}
            columns={[
              { label: "Workspace", cell: ({ workspace }) => workspace },
              { label: "Rules", cell: (one) => sentenceOf(one.rules) },
              {
                label: "",
                cell: (one) => (
                  <Group gap="xs" justify="flex-end">
                    <ButtonLink
                      to="/workspaces/$workspace"
                      params={{ workspace: one.workspace }}
                      size="compact-sm"
                      variant="subtle"
                      aria-label={`Change the rules of ${one.workspace}`}
                    >
                      Change
                    </ButtonLink>
                    {one.rules !== null && (
                      <Button
                        size="compact-sm"
                        variant="default"
                        loading={trial.isPending && tried === one}
                        onClick={() => tryOut(one)}
                      >
                        What would go?
                      </Button>
                    )}
                  </Group>
                ),
              },
            ]}
          />
        )}
      </Loaded>
      {trial.error !== null && <ProblemNote error={trial.error} />}
      {trial.data !== undefined && tried !== undefined && (
        <Stack mt="md">
          <Removals found={trial.data} />
          {trial.data.removals.length > 0 && (
            <Removing place={tried} freed={trial.data.bytes} onDone={trial.reset} />
          )}
        </Stack>
      )}
    </Panel>
  );
}

function Removing({ place, freed, onDone }: { place: RulesView; freed: number; onDone: () => void }) {
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const keep = useMutation({
    ...adminKeepRetentionMutation(),
    onError: toast.problem,
    onSuccess: ({ bytes: gone, more }) => {
      toast.done(`${bytes(gone)} went.${more ? " There is more: try again." : ""}`);
      onDone();
      return queries.invalidateQueries(apiQueries("adminShowStorage", "workspacesList", "videosList"));
    },
  });
  return (
    <Group justify="flex-end">
      <Button color="red" variant="light" onClick={() => setAsking(true)}>
        Remove it now
      </Button>
      {asking && (
        <Confirm
          title="Remove what the rules say?"
          name={place.workspace}
          does="Remove it"
          busy={keep.isPending}
          onClose={() => setAsking(false)}
          onConfirm={() => keep.mutate({ body: { workspace: place.workspace_id, dry_run: false } })}
        >
          {bytes(freed)} of {place.workspace} go for ever.
        </Confirm>
      )}
    </Group>
  );
}
