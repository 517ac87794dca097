import { SimpleGrid } from "@mantine/core";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type StatsView, statsShowOptions } from "@/shared/api";
import { number, percent, span } from "@/shared/format";
import { Loaded } from "../parts/Loaded";
import { Tile } from "../parts/Tile";
import { grainOf, type StatisticsSearch, timeQuery } from "../search";
import { CostPanel } from "./CostPanel";
import { FailuresPanel } from "./FailuresPanel";
import { money } from "./money";
import { OverTime } from "./OverTime";
import { RangePicker } from "./RangePicker";

type Props = {
  /** Only this one's. */
  workspace?: string;
  search: StatisticsSearch;
  onSearch: (search: StatisticsSearch) => void;
};

/** What became of jobs in a time: how many, how they ended, how long they took, and what they cost. */
export function Statistics({ workspace, search, onSearch }: Props) {
  const query = { ...timeQuery(search), workspace };
  const by = grainOf(search);
  const stats = useQuery({
    ...statsShowOptions({ query: { ...query, by } }),
    placeholderData: keepPreviousData,
  });
  return (
    <>
      <RangePicker search={search} onSearch={onSearch} />
      <Loaded query={stats} rows={8}>
        {(found) => (
          <>
            <Figures stats={found} />
            <OverTime groups={found.groups} by={by} />
          </>
        )}
      </Loaded>
      <CostPanel query={query} byWorkspace={workspace === undefined} />
      <FailuresPanel query={query} />
    </>
  );
}

function Figures({ stats: { all, currency } }: { stats: StatsView }) {
  const { success_rate: rate, times } = all;
  return (
    <SimpleGrid cols={{ base: 2, sm: 4 }} mb="md" spacing={{ base: "xs", sm: "md" }}>
      <Tile
        label="Jobs ended"
        value={number(all.ended)}
        note={`${number(all.failed)} failed, ${number(all.cancelled)} cancelled`}
      />
      <Tile
        label="Succeeded"
        value={rate === null ? "–" : percent(rate * 100)}
        note={all.per_hour === null ? "" : `${number(all.per_hour, 1)} an hour`}
      />
      <Tile
        label="Time taken"
        value={times === null ? "–" : span(times.mean_ms)}
        note={times === null ? "" : `95 % within ${span(times.p95_ms)}`}
      />
      <Tile label="Cost" value={money(all.cost.total, currency)} note="as the jobs' records say" />
    </SimpleGrid>
  );
}
