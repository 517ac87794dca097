import { Button, Group, NumberInput, SimpleGrid, Stack } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { type SubmitEvent, useState } from "react";
import { adminKeepRetentionMutation, type WorkspaceView } from "@/shared/api";
import { useSelf } from "@/shared/session";
import { ProblemNote } from "@/shared/ui";
import { Removals } from "../storage/Removals";
import { KindRules } from "./KindRules";
import { type Rules, rulesOf, storedOf } from "./rules";
import { useSaving } from "./saving";

const FIELDS = [
  {
    name: "keep_newest",
    label: "Newest videos of each collection",
    hint: "Older ones are deleted",
    suffix: "",
  },
  {
    name: "videos_days",
    label: "Videos",
    hint: "Then they go with all that was made from them",
    suffix: " days",
  },
  { name: "originals_days", label: "Originals", hint: "Only where there are renditions", suffix: " days" },
] as const;

/** How long a workspace keeps things; admins see first what would go. */
export function RetentionForm({ workspace }: { workspace: WorkspaceView }) {
  const self = useSelf();
  const [rules, setRules] = useState<Rules>(() => rulesOf(workspace.retention));
  const saving = useSaving(workspace);
  const trial = useMutation(adminKeepRetentionMutation());
  const set = (part: Partial<Rules>) => {
    trial.reset();
    setRules((now) => ({ ...now, ...part }));
  };
  const stored = storedOf(rules);
  const same = JSON.stringify(stored) === JSON.stringify(storedOf(rulesOf(workspace.retention)));

  function submit(event: SubmitEvent) {
    event.preventDefault();
    saving.mutate({ changes: { retention: stored }, back: { retention: workspace.retention } });
  }

  return (
    <Stack component="form" onSubmit={submit}>
      {saving.error !== null && <ProblemNote error={saving.error} />}
      <SimpleGrid cols={{ base: 1, sm: 3 }}>
        {FIELDS.map(({ name, label, hint, suffix }) => (
          <NumberInput
            key={name}
            label={label}
            description={hint}
            suffix={suffix}
            min={name === "originals_days" ? 0 : 1}
            allowDecimal={false}
            placeholder="for ever"
            value={rules[name]}
            onChange={(value) => set({ [name]: typeof value === "number" ? value : "" })}
          />
        ))}
      </SimpleGrid>
      <KindRules value={rules.artifacts_days} onChange={(artifacts_days) => set({ artifacts_days })} />
      {trial.error !== null && <ProblemNote error={trial.error} />}
      {trial.data !== undefined && <Removals found={trial.data} />}
      <Group justify="flex-end" gap="xs">
        {self.admin && (
          <Button
            variant="default"
            loading={trial.isPending}
            disabled={stored === null}
            onClick={() =>
              stored !== null &&
              trial.mutate({ body: { workspace: workspace.id, rules: stored, dry_run: true } })
            }
          >
            What would go?
          </Button>
        )}
        <Button type="submit" loading={saving.isPending} disabled={same}>
          Save
        </Button>
      </Group>
    </Stack>
  );
}
