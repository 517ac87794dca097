/** What work needs, and how it is. Asked for by hand: an answer of 503 is not a failure here but the news. */
import { queryOptions } from "@tanstack/react-query";
import { ApiProblem, type Ready } from "@/shared/api";

async function look({ signal }: { signal: AbortSignal }): Promise<Ready> {
  const response = await fetch("/health/ready", { credentials: "same-origin", signal });
  const body: unknown = await response.json();
  if (isReady(body)) return body;
  throw new ApiProblem(typeof body === "object" && body !== null ? body : {}, response.status);
}

function isReady(body: unknown): body is Ready {
  return typeof body === "object" && body !== null && "parts" in body && Array.isArray(body.parts);
}

export const readyOptions = () =>
  queryOptions({ queryKey: ["health", "ready"], queryFn: look, refetchInterval: 15_000 });
