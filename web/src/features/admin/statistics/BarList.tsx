import { Group, Text } from "@mantine/core";
import type { Series } from "./BarChart";
import colours from "./BarChart.module.css";
import classes from "./BarList.module.css";

type Props<Row> = {
  says: string;
  rows: readonly Row[];
  keyOf: (row: Row) => string;
  nameOf: (row: Row) => string;
  write: (value: number) => string;
  series: ReadonlyArray<Series<Row>>;
};

/** Lying bars, one for each name, the longest as wide as there is room. */
export function BarList<Row>({ says, rows, keyOf, nameOf, write, series }: Props<Row>) {
  const totalOf = (row: Row) => series.reduce((sum, { value }) => sum + value(row), 0);
  const most = Math.max(...rows.map(totalOf)) || 1;
  return (
    <div role="img" aria-label={says}>
      {series.length > 1 && (
        <Group gap="md" mb="sm">
          {series.map(({ name, look }) => (
            <Group key={name} gap={6}>
              <span className={`${colours.swatch} ${colours[look]}`} />
              <Text size="xs" c="dimmed">
                {name}
              </Text>
            </Group>
          ))}
        </Group>
      )}
      {rows.map((row) => {
        let from = 0;
        return (
          <div key={keyOf(row)} className={classes.line}>
            <Text size="sm" className={classes.name} title={nameOf(row)}>
              {nameOf(row)}
            </Text>
            <svg viewBox="0 0 100 1" preserveAspectRatio="none" className={classes.bar} aria-hidden>
              {series.map(({ name, look, value }) => {
                const width = (100 * value(row)) / most;
                const x = from;
                from += width;
                return <rect key={name} x={x} y={0} width={width} height={1} className={colours[look]} />;
              })}
            </svg>
            <Text size="sm" data-figures>
              {write(totalOf(row))}
            </Text>
          </div>
        );
      })}
    </div>
  );
}
