import { Button, Group, MultiSelect, Select, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconSearch, IconUser } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { type ChangeEvent, useEffect, useRef, useState } from "react";
import { operationsListOptions, pipelinesListOptions, workspacesListOptions } from "@/shared/api";
import { useShortcut } from "@/shared/keyboard";
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
  const narrow = (change: JobsSearch) =>
    navigate({ search: (before) => ({ ...before, ...change }), replace: true });
  const kinds = [...(pipelines.data ?? []), ...(operations.data ?? [])];
  const names = [...new Set(kinds.map(({ name }) => name))];

  return (
    <Group gap="xs" role="search" aria-label="Filter jobs">
      <Words value={search.text ?? ""} onChange={(text) => narrow({ text: text || undefined })} />
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
      <Owner value={search.owner ?? ""} onChange={(owner) => narrow({ owner: owner || undefined })} />
      {Object.values(search).some((value) => value !== undefined) && (
        <Button variant="subtle" onClick={() => navigate({ search: {}, replace: true })}>
          Show all
        </Button>
      )}
    </Group>
  );
}

type WrittenProps = { value: string; onChange: (value: string) => void };

function Words(props: WrittenProps) {
  const input = useRef<HTMLInputElement>(null);
  useShortcut({ keys: "/", does: "Search", group: "Jobs" }, () => input.current?.focus());
  return (
    <TextInput
      ref={input}
      aria-label="Search jobs"
      placeholder="File name, kind or id"
      leftSection={<IconSearch size={16} aria-hidden />}
      miw={200}
      flex={1}
      maxLength={200}
      {...useWritten(props)}
    />
  );
}

function Owner(props: WrittenProps) {
  return (
    <TextInput
      aria-label="Owner"
      placeholder="Any owner"
      leftSection={<IconUser size={16} aria-hidden />}
      w={160}
      {...useWritten(props)}
    />
  );
}

/** What is typed, told after a pause; where the address changes, it becomes what that says. */
function useWritten({ value, onChange }: WrittenProps) {
  const [typed, setTyped] = useState(value);
  const say = useDebouncedCallback(onChange, WRITE_AFTER_MS);
  useEffect(() => setTyped(value), [value]);
  return {
    value: typed,
    onChange: ({ currentTarget }: ChangeEvent<HTMLInputElement>) => {
      setTyped(currentTarget.value);
      say(currentTarget.value.trim());
    },
  };
}
