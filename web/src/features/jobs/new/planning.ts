/** What a plan says, as far as it is shown. The API leaves its shape open. */
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type JobRequest, plansMake, problemOf } from "@/shared/api";

const ARRIVES_MS = 2000;

type Command = { tool: string; argv: string[] };
export type PlanStep = {
  key: string;
  title: string;
  commands: Command[];
  outputs: { publish: string | null }[];
  estimate: { wall_ms: number; output_bytes: number };
};
export type Plan = { steps: PlanStep[]; notes: string[]; warnings: string[]; dropped: unknown[] };
export type Estimate = {
  wall_ms: number;
  cpu_ms: number;
  output_bytes: number;
  scratch_bytes: number;
  cost: { total: number; currency: string };
};

/** The plan for a request, made anew where it changes; what was known stays shown meanwhile. */
export function usePlan(request: JobRequest | undefined) {
  const { priority: _, ...work } = request ?? { video: "", pipeline: "" };
  return useQuery({
    queryKey: ["plan", work],
    queryFn: async ({ signal }) => {
      const { data } = await plansMake({ body: work, signal, throwOnError: true });
      return { plan: data.plan as Plan, estimate: data.estimate as Estimate };
    },
    enabled: request !== undefined,
    placeholderData: keepPreviousData,
    // What is wrong with a request stays wrong, but an original on its way arrives.
    retry: false,
    refetchInterval: ({ state: { error } }) =>
      error !== null && problemOf(error).code === "illegal_transition" ? ARRIVES_MS : false,
  });
}

/** Whether a plan was refused only because its form is not filled in yet. */
export function isUnfilled(error: unknown): boolean {
  return error !== null && problemOf(error).message.endsWith(": Field required");
}

/** A command as a shell takes it. */
export function shown({ tool, argv }: Command): string {
  return [tool, ...argv].map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`)).join(" ");
}
