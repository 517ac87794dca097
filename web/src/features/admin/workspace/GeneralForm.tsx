import { Button, Group, NativeSelect, NumberInput, SimpleGrid, Stack, TextInput } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type SubmitEvent, useState } from "react";
import { faultsByField, pipelinesListOptions, problemOf, type WorkspaceView } from "@/shared/api";
import { useSelf } from "@/shared/session";
import { ProblemNote } from "@/shared/ui";
import { changed, GB, type General, generalOf } from "./general";
import { useSaving } from "./saving";

/** Title and pipeline, for managers; name and quota, for admins. */
export function GeneralForm({ workspace }: { workspace: WorkspaceView }) {
  const self = useSelf();
  const navigate = useNavigate();
  const before = generalOf(workspace);
  const [form, setForm] = useState<General>(before);
  const pipelines = useQuery(pipelinesListOptions());
  const saving = useSaving(workspace, ({ name }) => {
    if (name === workspace.name) return;
    void navigate({ to: "/workspaces/$workspace", params: { workspace: name }, replace: true });
  });
  const faults = saving.error === null ? {} : faultsByField(problemOf(saving.error));
  const changes = changed(before, form);
  const set = (part: Partial<General>) => setForm((now) => ({ ...now, ...part }));
  const names = ["none", ...(pipelines.data ?? []).map(({ name }) => name)];

  function submit(event: SubmitEvent) {
    event.preventDefault();
    saving.mutate({ changes, back: changed(form, before) });
  }

  return (
    <Stack component="form" onSubmit={submit}>
      {saving.error !== null && <ProblemNote error={saving.error} />}
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <TextInput
          label="Title"
          description="For people"
          maxLength={500}
          value={form.title}
          error={faults.title}
          onChange={(event) => set({ title: event.currentTarget.value })}
        />
        <NativeSelect
          label="What new videos get"
          description="A pipeline that runs after each upload"
          value={form.pipeline}
          data={names.includes(form.pipeline) ? names : [form.pipeline, ...names]}
          error={faults.pipeline}
          onChange={(event) => set({ pipeline: event.currentTarget.value })}
        />
        {self.admin && (
          <>
            <TextInput
              label="Name"
              description="Stands in addresses and commands: links to the old one end"
              required
              maxLength={64}
              value={form.name}
              error={faults.name}
              onChange={(event) => set({ name: event.currentTarget.value })}
            />
            <NumberInput
              label="Quota"
              description="In GB; empty: no limit"
              min={0}
              suffix=" GB"
              value={form.quota_bytes === null ? "" : form.quota_bytes / GB}
              error={faults.quota_bytes}
              onChange={(value) =>
                set({ quota_bytes: typeof value === "number" ? Math.round(value * GB) : null })
              }
            />
          </>
        )}
      </SimpleGrid>
      <Group justify="flex-end">
        <Button type="submit" loading={saving.isPending} disabled={Object.keys(changes).length === 0}>
          Save
        </Button>
      </Group>
    </Stack>
  );
}
