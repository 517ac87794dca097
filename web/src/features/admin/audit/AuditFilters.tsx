import { Autocomplete, Button, Group, NativeSelect, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { useState } from "react";
import type { AuditSearch } from "../search";

/** The usual ones; others can be written. */
const ACTIONS = [
  "audit.exported",
  "batch.cancelled",
  "collection.created",
  "collection.deleted",
  "job.cancelled",
  "job.ordered",
  "job.retried",
  "key.created",
  "key.revoked",
  "login_link.created",
  "member.put",
  "member.removed",
  "session.closed",
  "session.opened",
  "user.changed",
  "user.created",
  "user.password_changed",
  "video.changed",
  "video.deleted",
  "worker.drained",
  "worker.undrained",
  "workspace.changed",
  "workspace.created",
  "workspace.deleted",
];
const PAUSE_MS = 300;

type Props = { search: AuditSearch; onSearch: (search: AuditSearch) => void };

/** What is sought; it stands in the address, so that it can be sent and kept. */
export function AuditFilters({ search, onSearch }: Props) {
  const [form, setForm] = useState(search);
  const [known, setKnown] = useState(search);
  const tell = useDebouncedCallback(onSearch, PAUSE_MS);
  if (known !== search) {
    // The address was changed from elsewhere: by a press in the list, or a step back.
    setKnown(search);
    setForm(search);
  }
  const set = (part: AuditSearch) => {
    const next = { ...form, ...part };
    setForm(next);
    tell(next);
  };
  return (
    <Group align="flex-end" gap="xs">
      <TextInput
        label="Actor"
        placeholder="ann, key:NAME"
        w={150}
        value={form.actor ?? ""}
        onChange={(event) => set({ actor: event.currentTarget.value })}
      />
      <Autocomplete
        label="Action"
        placeholder="job.cancelled"
        w={170}
        data={ACTIONS}
        value={form.action ?? ""}
        onChange={(action) => set({ action })}
      />
      <TextInput
        label="Subject"
        placeholder="job:ID"
        w={150}
        value={form.subject ?? ""}
        onChange={(event) => set({ subject: event.currentTarget.value })}
      />
      <NativeSelect
        label="Outcome"
        value={form.outcome ?? ""}
        data={[
          { value: "", label: "Any" },
          { value: "ok", label: "Done" },
          { value: "refused", label: "Refused" },
        ]}
        onChange={(event) => set({ outcome: event.currentTarget.value })}
      />
      <TextInput
        type="date"
        label="From"
        w={140}
        value={form.since ?? ""}
        onChange={(event) => set({ since: event.currentTarget.value })}
      />
      <TextInput
        type="date"
        label="To"
        w={140}
        value={form.until ?? ""}
        onChange={(event) => set({ until: event.currentTarget.value })}
      />
      {Object.keys(search).length > 0 && (
        <Button variant="subtle" onClick={() => onSearch({})}>
          Clear
        </Button>
      )}
    </Group>
  );
}
