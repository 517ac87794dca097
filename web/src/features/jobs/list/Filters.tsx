import { Group, MultiSelect, Select, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { operationsListOptions, pipelinesListOptions, workspacesListOptions } from "@/shared/api";
import { labelOf } from "../form/schema";
import { type JobsSearch, STATES } from "./search";

const route = getRouteApi("/inside/jobs");
const WRITE_AFTER_MS = 400;
const EVER = { staleTime: Number.POSITIVE_INFINITY };

/** Which jobs; it stands in the address, so that it can be sent to somebody. */
export function Filters() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const operations = useQuery({ ...operationsListOptions(), ...EVER });
  const pipelines = useQuery({ ...pipelinesListOptions(), ...EVER });
  const workspaces = useQuery(workspacesListOptions());
  const [owner, setOwner] = useState(search.owner ?? "");
  const narrow = (change: JobsSearch) =>
    navigate({ search: (before) => ({ ...before, ...change }), replace: true });
  const writeOwner = useDebouncedCallback(
    (text: string) => narrow({ owner: text || undefined }),
    WRITE_AFTER_MS,
  );
  const kinds = [...(pipelines.data ?? []), ...(operations.data ?? [])];
  const names = [...new Set(kinds.map(({ name }) => name))];

  return (
    <Group gap="xs">
      <MultiSelect
        aria-label="State"
        placeholder={search.state ? undefined : "Any state"}
        data={STATES.map(String)}
        value={search.state ?? []}
        onChange={(state) =>
          narrow({ state: state.length > 0 ? STATES.filter((one) => state.includes(one)) : undefined })
        }
        clearable
        clearButtonProps={{ "aria-label": "Any state" }}
        miw={180}
      />
      <Select
        aria-label="Operation or pipeline"
        placeholder="Any operation"
        data={names.map((name) => ({ value: name, label: labelOf(name) }))}
        value={search.kind ?? null}
        onChange={(kind) => narrow({ kind: kind ?? undefined })}
        searchable
        clearable
        clearButtonProps={{ "aria-label": "Any operation" }}
        w={180}
      />
      {(workspaces.data?.items.length ?? 0) > 1 && (
        <Select
          aria-label="Workspace"
          placeholder="Any workspace"
          data={
            workspaces.data?.items.map(({ id, title, name }) => ({ value: id, label: title || name })) ?? []
          }
          value={search.workspace ?? null}
          onChange={(workspace) => narrow({ workspace: workspace ?? undefined })}
          clearable
          clearButtonProps={{ "aria-label": "Any workspace" }}
          w={180}
        />
      )}
      <TextInput
        aria-label="Owner"
        placeholder="Owner"
        leftSection={<IconSearch size={16} aria-hidden />}
        value={owner}
        onChange={({ currentTarget: { value } }) => {
          setOwner(value);
          writeOwner(value.trim());
        }}
        w={160}
      />
    </Group>
  );
}
