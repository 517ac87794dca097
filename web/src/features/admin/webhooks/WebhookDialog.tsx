import { Checkbox, SimpleGrid, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import {
  apiQueries,
  faultsByField,
  problemOf,
  type WebhookView,
  webhooksCreateMutation,
  webhooksEditMutation,
} from "@/shared/api";
import { toast } from "@/shared/ui";
import { FormDialog } from "../parts/FormDialog";
import { SecretDialog } from "../parts/SecretDialog";
import { EVENTS, USUAL } from "./events";

type Props = { workspace: string; webhook?: WebhookView; onClose: () => void };

/** An address to be told, and then its secret, once; or another address or other events for one that is there. */
export function WebhookDialog({ workspace, webhook, onClose }: Props) {
  const queries = useQueryClient();
  const [url, setUrl] = useState(webhook?.url ?? "");
  const [note, setNote] = useState(webhook?.note ?? "");
  const [events, setEvents] = useState<string[]>(webhook?.events ?? USUAL);
  const reread = () => queries.invalidateQueries(apiQueries("webhooksList", "webhooksShow"));
  const create = useMutation({ ...webhooksCreateMutation(), onSuccess: reread });
  const edit = useMutation({
    ...webhooksEditMutation(),
    onSuccess: () => {
      toast.done("The webhook is changed.");
      onClose();
      return reread();
    },
  });
  const problem = create.error ?? edit.error;
  const faults = problem === null ? {} : faultsByField(problemOf(problem));
  const offered = [...new Set([...EVENTS, ...(webhook?.events ?? [])])];

  function submit() {
    const body = { url: url.trim(), note, events };
    if (webhook === undefined) create.mutate({ path: { workspace }, body });
    else edit.mutate({ path: { workspace, webhook_id: webhook.id }, body });
  }

  if (create.data !== undefined) {
    return (
      <SecretDialog
        title="The webhook's secret"
        label="Secret"
        secret={create.data.secret}
        onClose={onClose}
      />
    );
  }
  return (
    <FormDialog
      title={webhook === undefined ? "New webhook" : "Edit the webhook"}
      does={webhook === undefined ? "Create" : "Save"}
      busy={create.isPending || edit.isPending}
      disabled={events.length === 0}
      problem={problem}
      onSubmit={submit}
      onClose={onClose}
    >
      <TextInput
        label="Address"
        description="http or https; a public one, unless the operator allows others"
        type="url"
        required
        maxLength={2000}
        data-autofocus
        value={url}
        error={faults.url}
        onChange={(event) => setUrl(event.currentTarget.value)}
      />
      <TextInput
        label="What it is for"
        maxLength={200}
        value={note}
        onChange={(event) => setNote(event.currentTarget.value)}
      />
      <Checkbox.Group label="It is told" value={events} onChange={setEvents} error={faults.events}>
        <SimpleGrid cols={2} mt={6} spacing="xs">
          {offered.map((event) => (
            <Checkbox key={event} value={event} label={event} />
          ))}
        </SimpleGrid>
      </Checkbox.Group>
    </FormDialog>
  );
}
