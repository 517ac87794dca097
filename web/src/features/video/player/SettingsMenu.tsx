import { ActionIcon, Menu } from "@mantine/core";
import { IconCheck, IconSettings } from "@tabler/icons-react";
import type { Form } from "@/shared/api";
import { bitRate, number } from "@/shared/format";
import type { Level } from "./hls";
import classes from "./Player.module.css";

const RATES = [0.5, 0.75, 1, 1.25, 1.5, 2];
const FORMS: Partial<Record<Form, string>> = { hls: "Stream", file: "File", original: "Original" };

type Props = {
  levels: Level[];
  level: number;
  chosen: number;
  onLevel: (level: number) => void;
  rate: number;
  onRate: (rate: number) => void;
  form: Form | null;
  forms: readonly Form[];
  onForm: (form: Form) => void;
  within: HTMLElement | null;
};

/** Quality, speed and what is played. */
export function SettingsMenu(props: Props) {
  const { levels, level, chosen, onLevel, rate, onRate, form, forms, onForm, within } = props;
  const shown = levels[level];
  return (
    <Menu position="top-end" portalProps={{ target: within ?? undefined }} width={200}>
      <Menu.Target>
        <ActionIcon variant="transparent" className={classes.button} size="lg" aria-label="Quality and speed">
          <IconSettings size={20} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown mah={320} style={{ overflowY: "auto" }}>
        {levels.length > 0 && (
          <>
            <Menu.Label>Quality</Menu.Label>
            <Choice active={chosen === -1} onClick={() => onLevel(-1)}>
              {`Auto${shown !== undefined ? ` (${shown.height}p)` : ""}`}
            </Choice>
            {levels.toReversed().map(({ index, height, bitsPerSecond }) => (
              <Choice key={index} active={chosen === index} onClick={() => onLevel(index)}>
                {`${height}p · ${bitRate(bitsPerSecond)}`}
              </Choice>
            ))}
          </>
        )}
        <Menu.Label>Speed</Menu.Label>
        {RATES.map((one) => (
          <Choice key={one} active={rate === one} onClick={() => onRate(one)}>
            {one === 1 ? "Normal" : `${number(one, 2)}×`}
          </Choice>
        ))}
        {forms.length > 1 && (
          <>
            <Menu.Label>Source</Menu.Label>
            {forms.map((one) => (
              <Choice key={one} active={form === one} onClick={() => onForm(one)}>
                {FORMS[one] ?? one}
              </Choice>
            ))}
          </>
        )}
      </Menu.Dropdown>
    </Menu>
  );
}

function Choice({ active, onClick, children }: { active: boolean; onClick: () => void; children: string }) {
  return (
    <Menu.Item
      onClick={onClick}
      aria-current={active}
      rightSection={active ? <IconCheck size={16} aria-hidden /> : undefined}
    >
      {children}
    </Menu.Item>
  );
}
