import { Card, SimpleGrid, Table, Text, Title } from "@mantine/core";
import type { ReactNode } from "react";
import type { VideoDetailView } from "@/shared/api";
import { bitRate, bytes, duration, frameRate, moment, number } from "@/shared/format";
import { type Media, mainVideo, shownSize } from "./media";

type Row = [name: string, value: ReactNode];

/** What is known of the video: what people wrote, and what the file says of itself. */
export function Facts({ video, media }: { video: VideoDetailView; media: Media | null }) {
  return (
    <SimpleGrid cols={{ base: 1, md: 3 }}>
      <Panel title="About">
        <Text
          size="sm"
          c={video.notes === "" ? "dimmed" : undefined}
          mb="xs"
          style={{ whiteSpace: "pre-wrap" }}
        >
          {video.notes === "" ? "No notes yet." : video.notes}
        </Text>
        <Rows
          rows={[
            ["Recorded", video.recorded_at === null ? "not known" : moment(video.recorded_at)],
            ["Uploaded", `${moment(video.created_at)} by ${video.uploader}`],
            ["File", video.filename],
            ...(video.source_url === null ? [] : [["From", video.source_url] as Row]),
          ]}
        />
      </Panel>
      <Panel title="Picture and sound">
        {media === null ? (
          <Text size="sm">Nothing is known of its content.</Text>
        ) : (
          <Rows rows={mediaRows(media)} />
        )}
      </Panel>
      <Panel title="Storage">
        <Rows
          rows={[
            ["Original", bytes(video.bytes)],
            ["With all made from it", bytes(video.stored_bytes)],
            ["Files made", number(video.artifacts.length)],
            ["SHA-256", video.sha256 ?? "not known"],
            ["Id", video.id],
          ]}
        />
      </Panel>
    </SimpleGrid>
  );
}

function mediaRows(media: Media): Row[] {
  const stream = mainVideo(media);
  const rows: Row[] = [["Length", duration(media.duration_us / 1000, { ms: true })]];
  if (stream !== null) {
    const { width, height } = shownSize(stream);
    rows.push(
      ["Size", `${width} × ${height}`],
      ["Rate", `${frameRate(stream.frame_rate)} per second${stream.is_vfr ? ", varying" : ""}`],
      [
        "Picture",
        [stream.codec, stream.profile, `${stream.bit_depth} bit`, hdrOf(stream.color_transfer)]
          .filter(Boolean)
          .join(", "),
      ],
    );
  }
  for (const sound of media.audio)
    rows.push([
      "Sound",
      [
        sound.codec,
        sound.layout ?? `${sound.channels} channels`,
        `${number(sound.sample_rate / 1000, 1)} kHz`,
        sound.language,
      ]
        .filter(Boolean)
        .join(", "),
    ]);
  if (media.subtitles.length > 0)
    rows.push(["Subtitles", media.subtitles.map(({ language, codec }) => language ?? codec).join(", ")]);
  if (media.bit_rate !== null) rows.push(["Bit rate", bitRate(media.bit_rate)]);
  rows.push(["Container", media.container]);
  return rows;
}

function hdrOf(transfer: string | null): string | null {
  return transfer === "smpte2084" ? "HDR (PQ)" : transfer === "arib-std-b67" ? "HDR (HLG)" : null;
}

function Panel({ title, children }: { title: string; children: ReactNode }) {
  return (
    <Card withBorder padding="md" component="section">
      <Title order={2} size="h6" mb="xs">
        {title}
      </Title>
      {children}
    </Card>
  );
}

function Rows({ rows }: { rows: Row[] }) {
  return (
    <Table verticalSpacing={4} horizontalSpacing={0} withRowBorders={false} fz="sm">
      <Table.Tbody>
        {rows.map(([name, value], index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: names may come twice, and rows stay
          <Table.Tr key={index}>
            <Table.Th c="dimmed" fw={400} w={130} style={{ verticalAlign: "top" }}>
              {name}
            </Table.Th>
            <Table.Td style={{ overflowWrap: "anywhere" }}>{value}</Table.Td>
          </Table.Tr>
        ))}
      </Table.Tbody>
    </Table>
  );
}
