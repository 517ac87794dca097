import { Badge, Code, Text, UnstyledButton } from "@mantine/core";
import type { EventView } from "@/shared/api";
import { moment } from "@/shared/format";
import { DataTable } from "../parts/DataTable";
import type { AuditSearch } from "../search";

type Props = { events: readonly EventView[]; onSeek: (search: AuditSearch) => void };

/** What was done; a press on a word seeks more like it. */
export function Events({ events, onSeek }: Props) {
  return (
    <DataTable
      name="Audit"
      rows={events}
      keyOf={({ id }) => id}
      columns={[
        {
          label: "Action",
          cell: ({ action }) => <Word text={action} name="action" onSeek={() => onSeek({ action })} strong />,
        },
        {
          label: "Actor",
          cell: ({ actor }) => <Word text={actor} name="actor" onSeek={() => onSeek({ actor })} />,
        },
        {
          label: "Subject",
          cell: ({ subject }) => <Word text={subject} name="subject" onSeek={() => onSeek({ subject })} />,
        },
        {
          label: "Outcome",
          cell: ({ outcome }) =>
            outcome === "ok" ? (
              <Text size="sm" c="dimmed">
                done
              </Text>
            ) : (
              <Badge color="red">{outcome}</Badge>
            ),
        },
        { label: "When", cell: ({ at }) => <time dateTime={at}>{moment(at)}</time> },
        { label: "From", cell: ({ address }) => address ?? "–" },
        { label: "More", cell: ({ data }) => <More data={data} /> },
      ]}
    />
  );
}

type WordProps = { text: string; name: string; onSeek: () => void; strong?: boolean };

function Word({ text, name, onSeek, strong }: WordProps) {
  return (
    <UnstyledButton
      onClick={onSeek}
      fz="sm"
      fw={strong ? 600 : undefined}
      style={{ overflowWrap: strong ? undefined : "anywhere" }}
      title={`Only this ${name}`}
    >
      {text}
    </UnstyledButton>
  );
}

function More({ data }: { data: EventView["data"] }) {
  if (data === null || Object.keys(data).length === 0) return "–";
  return (
    <details>
      <summary>Data</summary>
      <Code block>{JSON.stringify(data, null, 2)}</Code>
    </details>
  );
}
