import { Button } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { apiQueries, jobsSubmitMutation, type VideoDetailView } from "@/shared/api";
import { useMay } from "@/shared/session";
import { toast } from "@/shared/ui";

/** Publishes the video: the job that makes what every player can play. */
export function MakeStream({ video }: { video: VideoDetailView }) {
  const operator = useMay("operator", video.workspace_id);
  const queries = useQueryClient();
  const navigate = useNavigate();
  const submit = useMutation({
    ...jobsSubmitMutation(),
    onError: toast.problem,
    onSuccess: async () => {
      await queries.invalidateQueries(apiQueries("jobsList"));
      await navigate({ to: "/videos/$videoId", params: { videoId: video.id }, search: { tab: "jobs" } });
    },
  });
  if (!operator) return null;
  return (
    <Button
      loading={submit.isPending}
      onClick={() => submit.mutate({ body: { pipeline: "publish", video: video.id } })}
    >
      Make a stream
    </Button>
  );
}
