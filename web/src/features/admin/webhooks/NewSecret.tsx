import { useMutation, useQueryClient } from "@tanstack/react-query";
import { apiQueries, type WebhookView, webhooksRotateSecretMutation } from "@/shared/api";
import { toast } from "@/shared/ui";
import { Confirm } from "../parts/Confirm";
import { SecretDialog } from "../parts/SecretDialog";

type Props = { workspace: string; webhook: WebhookView; onClose: () => void };

/** Another secret for a webhook, after asking; it is shown once. */
export function NewSecret({ workspace, webhook, onClose }: Props) {
  const queries = useQueryClient();
  const rotate = useMutation({
    ...webhooksRotateSecretMutation(),
    onError: toast.problem,
    onSettled: () => queries.invalidateQueries(apiQueries("webhooksList", "webhooksShow")),
  });
  if (rotate.data !== undefined) {
    return (
      <SecretDialog
        title="The webhook's new secret"
        label="Secret"
        secret={rotate.data.secret}
        onClose={onClose}
      />
    );
  }
  return (
    <Confirm
      title="Make a new secret?"
      does="Make a new one"
      busy={rotate.isPending}
      onClose={onClose}
      onConfirm={() => rotate.mutate({ path: { workspace, webhook_id: webhook.id } })}
    >
      What {webhook.url} is told is signed with both for a day, so that there is time to change it there.
    </Confirm>
  );
}
