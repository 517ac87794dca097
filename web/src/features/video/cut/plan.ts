/** What a cut would really give, and where the keyframes are: both from plans, which cost no job. */

import { keepPreviousData, skipToken, useQuery } from "@tanstack/react-query";
import { type OperationSpec, plansMake, type VideoDetailView } from "@/shared/api";
import { asked, type Range } from "./ranges";

export type Mode = "copy" | "smart" | "encode";

/** Seconds in the source. */
export type Boundary = {
  wanted: [number, number];
  copied: [number, number];
  exact: [number, number];
  frames: number;
  smartEncodes: number;
};

export type CutPlan = {
  boundaries: Boundary[];
  notes: string[];
  warnings: string[];
  wallMs: number;
  bytes: number;
};

export function operationOf(ranges: readonly Range[], mode: Mode, joined: boolean): OperationSpec {
  return joined
    ? { op: "trim", ranges: asked(ranges), mode }
    : { op: "cut", ranges: asked(ranges), mode, prefix: "clip" };
}

export function useCutPlan(video: VideoDetailView, operation: OperationSpec | null) {
  return useQuery({
    queryKey: ["cut-plan", video.id, operation],
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
    queryFn:
      operation === null
        ? skipToken
        : async ({ signal }) => {
            const body = { operation, video: video.id };
            const { data } = await plansMake({ body, signal, throwOnError: true });
            return planOf(data);
          },
  });
}

/** More of them no timeline shows apart, and the server makes no more parts. */
const MOST_MARKS = 1000;
const LEAST_S = 0.2;

/** The moments at which a copy can begin; where many are close together, some of them. */
export function useKeyframes(video: VideoDetailView, durationS: number) {
  const every = Math.max(LEAST_S, durationS / MOST_MARKS);
  return useQuery({
    queryKey: ["keyframes", video.id],
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 30 * 60_000,
    retry: false,
    enabled: durationS > 2 * LEAST_S,
    queryFn: async ({ signal }) => {
      const operation = { op: "cut", every: `${every.toFixed(6)}s`, mode: "copy" };
      const { data } = await plansMake({
        body: { operation, video: video.id, reuse: false },
        signal,
        throwOnError: true,
      });
      const starts = planOf(data).boundaries.map(({ copied: [start] }) => start);
      return [...new Set([0, ...starts])].filter((time) => time < durationS).sort((a, b) => a - b);
    },
  });
}

type Said = {
  estimate: { wall_ms: number; output_bytes: number };
  plan: {
    notes: string[];
    warnings: string[];
    boundaries: {
      wanted_us: [number, number];
      copy_us: [number, number];
      exact_us: [number, number];
      frames: number;
      smart_encodes: number;
    }[];
  };
};

/** The parts of a plan that a cut shows. */
export function planOf(answer: { estimate: unknown; plan: unknown }): CutPlan {
  const { estimate, plan } = answer as Said;
  const seconds = ([from, to]: [number, number]): [number, number] => [from / 1e6, to / 1e6];
  return {
    boundaries: plan.boundaries.map((one) => ({
      wanted: seconds(one.wanted_us),
      copied: seconds(one.copy_us),
      exact: seconds(one.exact_us),
      frames: one.frames,
      smartEncodes: one.smart_encodes,
    })),
    notes: plan.notes,
    warnings: plan.warnings,
    wallMs: estimate.wall_ms,
    bytes: estimate.output_bytes,
  };
}
