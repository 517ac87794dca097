import { ActionIcon, Menu } from "@mantine/core";
import {
  IconDots,
  IconKey,
  IconPencil,
  IconPlayerPause,
  IconPlayerPlay,
  IconSend,
  IconTrash,
} from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { apiQueries, type WebhookView, webhooksDeleteMutation, webhooksEditMutation } from "@/shared/api";
import { toast } from "@/shared/ui";
import { Confirm } from "../parts/Confirm";
import { NewSecret } from "./NewSecret";
import { useTesting } from "./testing";
import { WebhookDialog } from "./WebhookDialog";

type Asked = "edit" | "secret" | "delete";

/** What can be done with a webhook. */
export function WebhookActions({ workspace, webhook }: { workspace: string; webhook: WebhookView }) {
  const queries = useQueryClient();
  const [asked, setAsked] = useState<Asked>();
  const close = () => setAsked(undefined);
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
  const Switch = webhook.enabled ? IconPlayerPause : IconPlayerPlay;
  return (
    <>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="subtle" color="gray" aria-label={`Change ${webhook.url}`}>
            <IconDots size={18} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconPencil size={16} aria-hidden />} onClick={() => setAsked("edit")}>
            Edit
          </Menu.Item>
          <Menu.Item leftSection={<IconSend size={16} aria-hidden />} onClick={() => test.mutate({ path })}>
            Send a test message
          </Menu.Item>
          <Menu.Item leftSection={<IconKey size={16} aria-hidden />} onClick={() => setAsked("secret")}>
            New secret
          </Menu.Item>
          <Menu.Item
            leftSection={<Switch size={16} aria-hidden />}
            onClick={() => edit.mutate({ path, body: { enabled: !webhook.enabled } })}
          >
            {webhook.enabled ? "Turn off" : "Turn on"}
          </Menu.Item>
          <Menu.Item
            color="red"
            leftSection={<IconTrash size={16} aria-hidden />}
            onClick={() => setAsked("delete")}
          >
            Delete
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {asked === "edit" && <WebhookDialog workspace={workspace} webhook={webhook} onClose={close} />}
      {asked === "secret" && <NewSecret workspace={workspace} webhook={webhook} onClose={close} />}
      {asked === "delete" && (
        <Confirm
          title="Delete this webhook?"
          name={new URL(webhook.url).host}
          does="Delete it"
          busy={remove.isPending}
          onClose={close}
          onConfirm={() => remove.mutate({ path })}
        >
          {webhook.url} is told nothing more, and what it was told is forgotten.
        </Confirm>
      )}
    </>
  );
}
