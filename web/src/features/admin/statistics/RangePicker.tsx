import { Group, SegmentedControl, TextInput } from "@mantine/core";
import { LASTS, type StatisticsSearch } from "../search";

type Props = { search: StatisticsSearch; onSearch: (search: StatisticsSearch) => void };

const LABELS: Record<(typeof LASTS)[number], string> = {
  "24h": "24 h",
  "7d": "7 days",
  "30d": "30 days",
  "90d": "90 days",
  ever: "Ever",
};

/** The time that the figures are of: the last so much, or from one day to another. */
export function RangePicker({ search, onSearch }: Props) {
  const own = search.since !== undefined || search.until !== undefined;
  return (
    <Group mb="md" gap="sm" align="flex-end">
      <SegmentedControl
        aria-label="Time"
        size="sm"
        value={own ? "" : (search.last ?? "7d")}
        data={LASTS.map((value) => ({ value, label: LABELS[value] }))}
        onChange={(value) => onSearch({ last: LASTS.find((one) => one === value) })}
      />
      <Group gap="xs" align="flex-end">
        <TextInput
          type="date"
          label="From"
          size="xs"
          max={search.until}
          value={search.since ?? ""}
          onChange={({ currentTarget: { value } }) =>
            onSearch({ since: value || undefined, until: search.until })
          }
        />
        <TextInput
          type="date"
          label="To"
          size="xs"
          min={search.since}
          value={search.until ?? ""}
          onChange={({ currentTarget: { value } }) =>
            onSearch({ since: search.since, until: value || undefined })
          }
        />
      </Group>
    </Group>
  );
}
