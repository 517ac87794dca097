import { Button, Menu, Text } from "@mantine/core";
import { IconAdjustments, IconPlayerPlay } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import {
  ApiProblem,
  apiQueries,
  batchesSubmit,
  jobsSubmit,
  pipelinesListOptions,
  type VideoView,
} from "@/shared/api";
import { MenuLink } from "@/shared/routing/links";
import { toast } from "@/shared/ui";

type Props = { videos: readonly VideoView[]; onDone: () => void };

/** Starts a pipeline on the videos and goes to where it can be watched. */
export function RunMenu({ videos, onDone }: Props) {
  const queries = useQueryClient();
  const navigate = useNavigate();
  const pipelines = useQuery(pipelinesListOptions());
  const [only] = videos.length === 1 ? videos : [];
  const run = useMutation({
    mutationFn: async (pipeline: string) => {
      if (only !== undefined) {
        const { data } = await jobsSubmit({ body: { video: only.id, pipeline }, throwOnError: true });
        return { job: data.id, refused: undefined };
      }
      const ids = videos.map(({ id }) => id);
      const { data } = await batchesSubmit({ body: { videos: ids, pipeline }, throwOnError: true });
      return { job: undefined, refused: data.items.find(({ error }) => error !== null)?.error };
    },
    onError: toast.problem,
    onSuccess: async ({ job, refused }, pipeline) => {
      queries.invalidateQueries(apiQueries("jobsList"));
      if (refused) toast.problem(new ApiProblem({ ...refused, detail: `Not all: ${refused.message}` }, 409));
      else toast.done(`${pipeline} is queued`);
      onDone();
      if (job === undefined) await navigate({ to: "/jobs" });
      else await navigate({ to: "/jobs/$jobId", params: { jobId: job } });
    },
  });
  return (
    <Menu position="top" width={300}>
      <Menu.Target>
        <Button
          size="xs"
          loading={run.isPending}
          disabled={videos.some(({ state }) => state !== "ready")}
          leftSection={<IconPlayerPlay size={16} aria-hidden />}
        >
          Run
        </Button>
      </Menu.Target>
      <Menu.Dropdown mah={360} style={{ overflowY: "auto" }}>
        {pipelines.data?.map(({ name, summary }) => (
          <Menu.Item key={name} onClick={() => run.mutate(name)}>
            <Text size="sm">{name}</Text>
            <Text size="xs" c="dimmed">
              {summary}
            </Text>
          </Menu.Item>
        ))}
        {only !== undefined && (
          <>
            <Menu.Divider />
            <MenuLink
              to="/new-job"
              search={{ video: only.id }}
              leftSection={<IconAdjustments size={16} aria-hidden />}
            >
              Another operation
            </MenuLink>
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}
