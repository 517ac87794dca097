import { Group, Text } from "@mantine/core";
import classes from "./BarChart.module.css";
import { labelled, roundUp } from "./scale";

export type Series<Row> = { name: string; look: Look; value: (row: Row) => number };
type Look = "completed" | "failed" | "cancelled" | "compute" | "storage" | "bandwidth";

type Props<Row> = {
  /** What it shows, in a sentence: for those who do not see it. */
  says: string;
  rows: readonly Row[];
  labelOf: (row: Row) => string;
  write: (value: number) => string;
  series: ReadonlyArray<Series<Row>>;
};

const HIGH = 200;
const ROOM = 6;

/** Stacked bars over time. Drawn by itself, as wide as there is room; letters stand beside it, unstretched. */
export function BarChart<Row>({ says, rows, labelOf, write, series }: Props<Row>) {
  const totals = rows.map((row) => series.reduce((sum, { value }) => sum + value(row), 0));
  const top = roundUp(Math.max(0, ...totals));
  return (
    <figure style={{ margin: 0 }}>
      <Group gap="md" mb="sm" aria-hidden>
        {series.map(({ name, look }) => (
          <Group key={name} gap={6}>
            <span className={`${classes.swatch} ${classes[look]}`} />
            <Text size="xs" c="dimmed">
              {name}
            </Text>
          </Group>
        ))}
      </Group>
      <div className={classes.chart}>
        <div className={classes.scale} aria-hidden data-figures>
          <span>{write(top)}</span>
          <span>{write(top / 2)}</span>
          <span>{write(0)}</span>
        </div>
        <svg
          role="img"
          aria-label={says}
          viewBox={`0 0 ${Math.max(1, rows.length)} ${HIGH}`}
          preserveAspectRatio="none"
          className={classes.plot}
        >
          {[0, HIGH / 2, HIGH].map((y) => (
            <line key={y} x1={0} x2={rows.length} y1={y} y2={y} className={classes.line} />
          ))}
          {rows.map((row, index) => (
            <Bar key={labelOf(row)} {...{ row, index, top, series, write }} label={labelOf(row)} />
          ))}
        </svg>
        <div className={classes.labels} aria-hidden>
          {labelled(rows.length, ROOM).map((index) => {
            const row = rows[index];
            return row === undefined ? null : (
              <span key={index} className={classes.label} style={{ left: `${(100 * index) / rows.length}%` }}>
                {labelOf(row)}
              </span>
            );
          })}
        </div>
      </div>
    </figure>
  );
}

type BarProps<Row> = Pick<Props<Row>, "series" | "write"> & {
  row: Row;
  index: number;
  top: number;
  label: string;
};

function Bar<Row>({ row, index, top, label, series, write }: BarProps<Row>) {
  let floor = HIGH;
  return (
    <g className={classes.bar}>
      <title>{`${label}: ${series.map(({ name, value }) => `${name} ${write(value(row))}`).join(", ")}`}</title>
      <rect x={index} y={0} width={1} height={HIGH} className={classes.hit} />
      {series.map(({ name, look, value }) => {
        const height = (value(row) / top) * HIGH;
        floor -= height;
        return (
          <rect
            key={name}
            x={index + 0.14}
            width={0.72}
            y={floor}
            height={height}
            className={classes[look]}
          />
        );
      })}
    </g>
  );
}
