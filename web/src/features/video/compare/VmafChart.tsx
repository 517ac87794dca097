import { Card, Group, Text, Title } from "@mantine/core";
import { number } from "@/shared/format";
import classes from "./Compare.module.css";
import { type Curve, mean } from "./scores";

const COLOURS = [
  "var(--mantine-color-mill-6)",
  "var(--mantine-color-orange-6)",
  "var(--mantine-color-blue-6)",
];
const HEIGHT = 100;
const WIDTH = 600;

type Props = { curves: readonly Curve[]; durationS: number; time: number; onSeek: (seconds: number) => void };

/** How close each rendition comes to the original, picture by picture; pressing it goes there. */
export function VmafChart({ curves, durationS, time, onSeek }: Props) {
  const least =
    Math.floor(Math.min(90, ...curves.flatMap(({ scores }) => scores.map(({ vmaf }) => vmaf))) / 10) * 10;
  const x = (seconds: number) => (seconds / durationS) * WIDTH;
  const y = (vmaf: number) => HEIGHT - ((vmaf - least) / (100 - least)) * HEIGHT;
  return (
    <Card withBorder component="section">
      <Group justify="space-between" mb="xs">
        <Title order={2} size="h6">
          VMAF, {least} to 100
        </Title>
        <Group gap="md">
          {curves.map(({ name, scores }, index) => (
            <Text key={name} size="sm">
              <span className={classes.swatch} style={{ background: COLOURS[index % COLOURS.length] }} />{" "}
              {name}: mean {number(mean(scores), 1)}
            </Text>
          ))}
        </Group>
      </Group>
      <svg
        className={classes.chart}
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={curves.map(({ name, scores }) => `${name}: VMAF ${number(mean(scores), 1)}`).join(", ")}
        onPointerDown={(event) => {
          const { left, width } = event.currentTarget.getBoundingClientRect();
          onSeek(((event.clientX - left) / width) * durationS);
        }}
      >
        {curves.map(({ name, scores }, index) => (
          <polyline
            key={name}
            points={scores.map(({ seconds, vmaf }) => `${x(seconds)},${y(vmaf)}`).join(" ")}
            fill="none"
            stroke={COLOURS[index % COLOURS.length]}
            strokeWidth={1.5}
            vectorEffect="non-scaling-stroke"
          />
        ))}
        <line
          x1={x(time)}
          x2={x(time)}
          y1={0}
          y2={HEIGHT}
          stroke="currentColor"
          vectorEffect="non-scaling-stroke"
        />
      </svg>
    </Card>
  );
}
