import { ActionIcon, Card, Group, Stack, Text, Title } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { type ArtifactView, type JobDetailView, videosStreamUrl } from "@/shared/api";
import { bytes } from "@/shared/format";
import { toast } from "@/shared/ui";

/** What it made, to be saved. */
export function ArtifactsCard({ job }: { job: JobDetailView }) {
  const total = job.artifacts.reduce((sum, one) => sum + one.bytes, 0);
  return (
    <Card withBorder component="section" aria-labelledby="results">
      <Stack gap="xs">
        <Group justify="space-between">
          <Title order={2} size="h5" id="results">
            Results
          </Title>
          {job.artifacts.length > 1 && (
            <Text size="xs" c="dimmed">
              {job.artifacts.length}, {bytes(total)} in all
            </Text>
          )}
        </Group>
        {job.artifacts.length === 0 && (
          <Text size="sm" c="dimmed">
            {job.finished_at === null ? "They appear when it is done." : "It made nothing."}
          </Text>
        )}
        {job.artifacts.map((artifact) => (
          <Artifact key={artifact.id} artifact={artifact} videoId={job.video_id} />
        ))}
      </Stack>
    </Card>
  );
}

function Artifact({ artifact, videoId }: { artifact: ArtifactView; videoId: string | null }) {
  const isFolder = artifact.name.endsWith("/") || !artifact.name.split("/").at(-1)?.includes(".");
  const download = useMutation({
    mutationFn: async () => {
      const { data } = await videosStreamUrl({
        path: { video_id: videoId ?? "" },
        query: { artifact: artifact.id, download: true },
        throwOnError: true,
      });
      return data.url;
    },
    onError: toast.problem,
    // The address answers with a file to save, so the page stays.
    onSuccess: (url) => window.location.assign(url),
  });
  return (
    <Group justify="space-between" wrap="nowrap">
      <div>
        <Text size="sm" style={{ overflowWrap: "anywhere" }}>
          {artifact.name}
        </Text>
        <Text size="xs" c="dimmed">
          {artifact.role} · {bytes(artifact.bytes)}
        </Text>
      </div>
      {videoId !== null && !isFolder && (
        <ActionIcon
          variant="default"
          size="lg"
          aria-label={`Download ${artifact.name}`}
          loading={download.isPending}
          onClick={() => download.mutate()}
        >
          <IconDownload size={18} />
        </ActionIcon>
      )}
    </Group>
  );
}
