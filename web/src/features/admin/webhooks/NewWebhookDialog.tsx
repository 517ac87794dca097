import { Button, Checkbox, Group, Modal, SimpleGrid, Stack, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type SubmitEvent, useState } from "react";
import { apiQueries, faultsByField, problemOf, webhooksCreateMutation } from "@/shared/api";
import { ProblemNote } from "@/shared/ui";
import { SecretOnce } from "../parts/SecretOnce";
import { EVENTS, USUAL } from "./events";

/** An address to be told, and then its secret, once. */
export function NewWebhookDialog({ workspace, onClose }: { workspace: string; onClose: () => void }) {
  const queries = useQueryClient();
  const [url, setUrl] = useState("");
  const [note, setNote] = useState("");
  const [events, setEvents] = useState<string[]>(USUAL);
  const create = useMutation({
    ...webhooksCreateMutation(),
    onSuccess: () => queries.invalidateQueries(apiQueries("webhooksList")),
  });
  const faults = create.error === null ? {} : faultsByField(problemOf(create.error));

  function submit(event: SubmitEvent) {
    event.preventDefault();
    create.mutate({ path: { workspace }, body: { url: url.trim(), note, events } });
  }

  if (create.data !== undefined) {
    return (
      // Closed by its button only: a press beside it would lose the secret.
      <Modal
        opened
        onClose={onClose}
        title="The webhook's secret"
        closeOnClickOutside={false}
        closeOnEscape={false}
        withCloseButton={false}
      >
        <SecretOnce label="Secret" secret={create.data.secret} onDone={onClose} />
      </Modal>
    );
  }
  return (
    <Modal opened onClose={onClose} title="New webhook">
      <Stack component="form" onSubmit={submit}>
        {create.error !== null && <ProblemNote error={create.error} />}
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
            {EVENTS.map((event) => (
              <Checkbox key={event} value={event} label={event} />
            ))}
          </SimpleGrid>
        </Checkbox.Group>
        <Group justify="flex-end" gap="xs">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={create.isPending} disabled={events.length === 0}>
            Create
          </Button>
        </Group>
      </Stack>
    </Modal>
  );
}
