import { Button, Card, Grid, Group, Slider, Stack, Switch, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconPlayerPlay } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { problemOf, videosShowOptions, workspacesListOptions } from "@/shared/api";
import { useSelf } from "@/shared/session";
import { PageHeader, ProblemNote } from "@/shared/ui";
import { SideFilesContext } from "./context";
import { joins, requestOf } from "./draft";
import { InputsCard } from "./InputsCard";
import { PlanPanel } from "./PlanPanel";
import { isUnfilled, usePlan } from "./planning";
import { RecipesCard } from "./RecipesCard";
import { useDraft } from "./useDraft";
import { useSubmit } from "./useSubmit";
import { WorkForm } from "./WorkForm";
import { WorkPicker } from "./WorkPicker";

const PLAN_AFTER_MS = 400;

/** Where work is asked for: on what, what, how; the plan stands beside. */
export function NewJobPage() {
  const { draft, change, problem } = useDraft();
  const { admin } = useSelf();
  const { workspace, collection } = usePlace(draft.videos[0]);
  const request = requestOf(draft);
  const [planned] = useDebouncedValue(request, PLAN_AFTER_MS);
  const plan = usePlan(planned);
  const submit = useSubmit(draft);
  // What is not filled in yet is no fault until the job is asked for.
  const refusal = submit.error ?? (isUnfilled(plan.error) ? null : plan.error);

  return (
    <SideFilesContext
      value={{
        workspace,
        collection,
        sides: draft.sides,
        setSide: (name, id) => change((now) => ({ sides: { ...now.sides, [name]: id } })),
      }}
    >
      <PageHeader title="New job" />
      <Grid gap="lg">
        <Grid.Col span={{ base: 12, lg: 7 }}>
          <Stack gap="md">
            {problem !== null && <ProblemNote error={problem} />}
            <InputsCard
              videos={draft.videos}
              joined={joins(draft.work)}
              onChange={(videos) => change({ videos })}
            />
            {draft.work === undefined ? (
              <WorkPicker onPick={(work) => change({ work, values: {} })} />
            ) : (
              <WorkForm
                work={draft.work}
                values={draft.values}
                refusal={refusal === null ? undefined : problemOf(refusal)}
                onChange={(values) => change({ values })}
                onOther={() => change({ work: undefined, values: {} })}
              />
            )}
          </Stack>
        </Grid.Col>
        <Grid.Col span={{ base: 12, lg: 5 }}>
          <Stack gap="md">
            <PlanPanel found={plan} ready={request !== undefined} />
            <Card withBorder>
              <Stack gap="md">
                <Group justify="space-between" wrap="nowrap" align="flex-start">
                  <div>
                    <Text size="sm" fw={500} id="priority">
                      Priority {draft.priority}
                    </Text>
                    <Text size="xs" c="dimmed">
                      {admin ? "10 is the most urgent" : "More than 5 is for admins"}
                    </Text>
                  </div>
                  <Slider
                    w={180}
                    min={1}
                    max={admin ? 10 : 5}
                    value={draft.priority}
                    onChange={(priority) => change({ priority })}
                    thumbProps={{ "aria-labelledby": "priority" }}
                  />
                </Group>
                <Switch
                  label="Take what was made before"
                  description="What an earlier job made of the same is not made again."
                  checked={draft.reuse}
                  onChange={({ currentTarget: { checked } }) => change({ reuse: checked })}
                />
                <Text size="xs" c="dimmed">
                  Results are kept with the video, as its artifacts.
                </Text>
                {submit.error !== null && <ProblemNote error={submit.error} />}
                <Button
                  leftSection={<IconPlayerPlay size={16} />}
                  disabled={request === undefined}
                  loading={submit.isPending}
                  onClick={() => submit.mutate()}
                >
                  {draft.videos.length > 1 && !joins(draft.work)
                    ? `Run ${draft.videos.length} jobs`
                    : "Run the job"}
                </Button>
              </Stack>
            </Card>
            {request !== undefined && <RecipesCard request={request} />}
          </Stack>
        </Grid.Col>
      </Grid>
    </SideFilesContext>
  );
}

/** Where the first video is, else the first workspace that there is. */
function usePlace(video: string | undefined): { workspace?: string; collection?: string } {
  const shown = useQuery({
    ...videosShowOptions({ path: { video_id: video ?? "" } }),
    enabled: video !== undefined,
  });
  const all = useQuery(workspacesListOptions());
  return shown.data ?? { workspace: all.data?.items[0]?.name };
}
