import { ActionIcon, Button, Group, NativeSelect, Popover, Stack, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconCalendar, IconLayoutGrid, IconList, IconSearch, IconX } from "@tabler/icons-react";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { day } from "@/shared/format";
import { useShortcut } from "@/shared/keyboard";
import { isFiltered, type Shown, type Sort, type VideosSearch } from "../search";

const STATES: { value: Shown; label: string }[] = [
  { value: "ready", label: "Ready" },
  { value: "uploading", label: "Arriving" },
  { value: "failed", label: "Failed" },
];
const ORDERS: { value: Sort; label: string }[] = [
  { value: "newest", label: "Newest first" },
  { value: "oldest", label: "Oldest first" },
];
const TYPING_MS = 300;

/** Which videos of the place are listed, in which order, and how; all of it is in the address. */
export function Filters({ search }: { search: VideosSearch }) {
  const navigate = useNavigate({ from: "/videos" });
  function change(next: Partial<VideosSearch>) {
    void navigate({ to: "/videos", search: (before) => ({ ...before, ...next }), replace: true });
  }

  return (
    <Group gap="xs" mb="lg" align="flex-end" role="search" aria-label="Filter videos">
      <Words value={search.text ?? ""} onChange={(text) => change({ text: text || undefined })} />
      <NativeSelect
        aria-label="Status"
        w={140}
        data={[{ value: "", label: "Any status" }, ...STATES]}
        value={search.state ?? ""}
        onChange={({ currentTarget: { value } }) =>
          change({ state: STATES.find((one) => one.value === value)?.value })
        }
      />
      <Days since={search.since} until={search.until} onChange={change} />
      {isFiltered(search) && (
        <Button
          variant="subtle"
          onClick={() => change({ text: undefined, state: undefined, since: undefined, until: undefined })}
        >
          Show all
        </Button>
      )}
      <Group gap="xs" ml="auto">
        <NativeSelect
          aria-label="Order"
          w={150}
          data={ORDERS}
          value={search.sort ?? "newest"}
          onChange={({ currentTarget: { value } }) =>
            change({ sort: value === "oldest" ? "oldest" : undefined })
          }
        />
        <ActionIcon.Group role="group" aria-label="View">
          <ViewButton
            name="Grid"
            Icon={IconLayoutGrid}
            on={search.view !== "table"}
            onClick={() => change({ view: undefined })}
          />
          <ViewButton
            name="Table"
            Icon={IconList}
            on={search.view === "table"}
            onClick={() => change({ view: "table" })}
          />
        </ActionIcon.Group>
      </Group>
    </Group>
  );
}

type ViewProps = { name: string; Icon: typeof IconList; on: boolean; onClick: () => void };

function ViewButton({ name, Icon, on, onClick }: ViewProps) {
  return (
    <ActionIcon
      variant={on ? "light" : "default"}
      size={36}
      aria-label={name}
      aria-pressed={on}
      onClick={onClick}
    >
      <Icon size={18} />
    </ActionIcon>
  );
}

function Words({ value, onChange }: { value: string; onChange: (value: string) => void }) {
  const [typed, setTyped] = useState(value);
  const input = useRef<HTMLInputElement>(null);
  const say = useDebouncedCallback(onChange, TYPING_MS);
  useShortcut({ keys: "/", does: "Search", group: "Videos" }, () => input.current?.focus());
  useEffect(() => setTyped(value), [value]);

  function write(text: string) {
    setTyped(text);
    say(text.trim());
  }

  return (
    <TextInput
      ref={input}
      aria-label="Search videos"
      placeholder="Title, file name or notes"
      w={{ base: "100%", xs: 240 }}
      maxLength={200}
      leftSection={<IconSearch size={16} aria-hidden />}
      rightSection={
        typed !== "" && (
          <ActionIcon variant="subtle" color="gray" aria-label="Clear the search" onClick={() => write("")}>
            <IconX size={16} />
          </ActionIcon>
        )
      }
      value={typed}
      onChange={(event) => write(event.currentTarget.value)}
    />
  );
}

type DaysProps = {
  since: string | undefined;
  until: string | undefined;
  onChange: (days: Pick<VideosSearch, "since" | "until">) => void;
};

function Days({ since, until, onChange }: DaysProps) {
  return (
    <Popover position="bottom-start" trapFocus>
      <Popover.Target>
        <Button variant="default" fw={400} leftSection={<IconCalendar size={16} aria-hidden />}>
          {daysSaid(since, until)}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <Stack gap="xs">
          <TextInput
            type="date"
            label="Uploaded from"
            max={until}
            value={since ?? ""}
            onChange={(event) => onChange({ since: event.currentTarget.value || undefined })}
          />
          <TextInput
            type="date"
            label="Uploaded until"
            min={since}
            value={until ?? ""}
            onChange={(event) => onChange({ until: event.currentTarget.value || undefined })}
          />
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}

function daysSaid(since: string | undefined, until: string | undefined): string {
  const said = (one: string) => day(`${one}T12:00`);
  if (since && until) return since === until ? said(since) : `${said(since)} – ${said(until)}`;
  if (since) return `From ${said(since)}`;
  return until ? `Until ${said(until)}` : "Any day";
}
