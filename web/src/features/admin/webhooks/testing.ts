/** Sending a webhook its test message, and saying how that went. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { apiQueries, type DeliveryView, webhooksTestMutation } from "@/shared/api";
import { toast } from "@/shared/ui";

export function useTesting() {
  const queries = useQueryClient();
  return useMutation({
    ...webhooksTestMutation(),
    onError: toast.problem,
    onSuccess: (delivery) => toast.done(outcome(delivery)),
    onSettled: () => queries.invalidateQueries(apiQueries("webhooksListDeliveries", "webhooksList")),
  });
}

function outcome({ attempts }: DeliveryView): string {
  const last = attempts.at(-1);
  if (last === undefined) return "The test message is on its way.";
  if (last.status === null) return `The test message did not arrive: ${last.error ?? "no answer"}.`;
  return `It answered ${last.status} to the test message, after ${last.latency_ms} ms.`;
}
