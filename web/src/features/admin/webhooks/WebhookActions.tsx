import { ActionIcon, Menu } from "@mantine/core";
import { IconDots, IconPlayerPause, IconPlayerPlay, IconSend, IconTrash } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { apiQueries, type WebhookView, webhooksDeleteMutation, webhooksEditMutation } from "@/shared/api";
import { toast } from "@/shared/ui";
import { Confirm } from "../parts/Confirm";
import { useTesting } from "./testing";

/** What can be done with a webhook. */
export function WebhookActions({ workspace, webhook }: { workspace: string; webhook: WebhookView }) {
  const queries = useQueryClient();
  const [deleting, setDeleting] = useState(false);
  const path = { workspace, webhook_id: webhook.id };
  const onSettled = () => queries.invalidateQueries(apiQueries("webhooksList", "webhooksShow"));
  const test = useTesting();
  const edit = useMutation({
    ...webhooksEditMutation(),
    onError: toast.problem,
    onSuccess: ({ enabled }) =>
      toast.done(enabled ? "It is told what happens from now on." : "It is told nothing more.", {
        undo: () => edit.mutate({ path, body: { enabled: !enabled } }),
      }),
    onSettled,
  });
  const remove = useMutation({
    ...webhooksDeleteMutation(),
    onError: toast.problem,
    onSuccess: () => toast.done("The webhook is deleted."),
    onSettled,
  });
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" aria-label={`Change ${webhook.url}`}>
            <IconDots size={18} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconSend size={16} aria-hidden />} onClick={() => test.mutate({ path })}>
            Send a test message
          </Menu.Item>
          <Menu.Item
            leftSection={
              webhook.enabled ? (
                <IconPlayerPause size={16} aria-hidden />
              ) : (
                <IconPlayerPlay size={16} aria-hidden />
              )
            }
            onClick={() => edit.mutate({ path, body: { enabled: !webhook.enabled } })}
          >
            {webhook.enabled ? "Turn off" : "Turn on"}
          </Menu.Item>
          <Menu.Item
            color="red"
            leftSection={<IconTrash size={16} aria-hidden />}
            onClick={() => setDeleting(true)}
          >
            Delete
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {deleting && (
        <Confirm
          title="Delete this webhook?"
          name={new URL(webhook.url).host}
          does="Delete it"
          busy={remove.isPending}
          onClose={() => setDeleting(false)}
          onConfirm={() => remove.mutate({ path })}
        >
          {webhook.url} is told nothing more, and what it was told is forgotten.
        </Confirm>
      )}
    </>
  );
}
