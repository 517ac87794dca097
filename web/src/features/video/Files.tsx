import { ActionIcon, Badge, Button, Group, Stack, Table, Text, Title } from "@mantine/core";
import { IconColumns2, IconDownload } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import type { StoredArtifactView, VideoDetailView } from "@/shared/api";
import { bytes, duration, moment } from "@/shared/format";
import { EmptyState } from "@/shared/ui";
import { download } from "./download";
import { type Kind, kindOf } from "./forms";
import { MakeStream } from "./MakeStream";
import { mainVideo, mediaOf, shownSize } from "./media";

const TITLES: [Kind, string][] = [
  ["clips", "Clips"],
  ["streams", "Streams"],
  ["files", "Files to play"],
  ["sound", "Sound"],
  ["subtitles", "Subtitles"],
  ["pictures", "Pictures"],
  ["reports", "Reports"],
];

/** Everything that was made from the video, to be taken away. */
export function Files({ video }: { video: VideoDetailView }) {
  const groups = Map.groupBy(video.artifacts, kindOf);
  if (video.artifacts.length === 0)
    return (
      <EmptyState title="Nothing was made from it yet" action={<MakeStream video={video} />}>
        A job makes streams, clips, pictures and more. The original is kept as it is.
      </EmptyState>
    );
  return (
    <Stack gap="lg">
      <Group>
        <Button
          variant="default"
          component={Link}
          to={`/videos/${video.id}/compare`}
          leftSection={<IconColumns2 size={16} aria-hidden />}
        >
          Compare two of them
        </Button>
        {!groups.has("streams") && <MakeStream video={video} />}
      </Group>
      {TITLES.map(([kind, title]) => {
        const files = groups.get(kind);
        return files && <FileGroup key={kind} title={title} videoId={video.id} files={files} />;
      })}
    </Stack>
  );
}

type GroupProps = { title: string; videoId: string; files: StoredArtifactView[] };

function FileGroup({ title, videoId, files }: GroupProps) {
  const newest = files.toSorted((one, other) => other.created_at.localeCompare(one.created_at));
  return (
    <section>
      <Title order={2} size="h6" mb={4}>
        {title}
      </Title>
      <Table.ScrollContainer minWidth={300}>
        <Table verticalSpacing={4} highlightOnHover aria-label={title}>
          <Table.Tbody>
            {newest.map((file) => (
              <Table.Tr key={file.id}>
                <Table.Td style={{ overflowWrap: "anywhere" }}>
                  <Text size="sm" span>
                    {file.name}
                  </Text>{" "}
                  <Badge size="xs" variant="default" tt="none">
                    {factsOf(file) ?? file.role}
                  </Badge>
                </Table.Td>
                <Table.Td w={90} ta="right">
                  <Text size="sm" span>
                    {bytes(file.bytes)}
                  </Text>
                </Table.Td>
                <Table.Td w={180} ta="right" visibleFrom="sm">
                  <Text size="sm" c="dimmed" span>
                    {moment(file.created_at)}
                  </Text>
                </Table.Td>
                <Table.Td w={44}>
                  {file.role !== "hls" && file.role !== "dash" && (
                    <ActionIcon
                      variant="subtle"
                      aria-label={`Download ${file.name}`}
                      onClick={() => void download(videoId, file.id)}
                    >
                      <IconDownload size={18} />
                    </ActionIcon>
                  )}
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </Table.ScrollContainer>
    </section>
  );
}

function factsOf({ media: said }: StoredArtifactView): string | null {
  const media = mediaOf(said);
  const stream = mainVideo(media);
  if (media === null || media.duration_us === 0) return null;
  const length = duration(media.duration_us / 1000);
  return stream === null ? length : `${shownSize(stream).height}p · ${length}`;
}
