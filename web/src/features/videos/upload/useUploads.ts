import { useQuery } from "@tanstack/react-query";
import { useCallback, useSyncExternalStore } from "react";
import { ApiProblem, uploadsShowLimitsOptions } from "@/shared/api";
import { useSelf } from "@/shared/session";
import { toast } from "@/shared/ui";
import type { Place } from "../search";
import type { Handle } from "./begun";
import { refusalOf } from "./checks";
import { type Upload, uploads } from "./uploads";

/** All uploads of this page, the newest first. */
export function useUploads(): readonly Upload[] {
  return useSyncExternalStore(uploads.watch, () => uploads.items);
}

export function useLimits() {
  return useQuery({ ...uploadsShowLimitsOptions(), staleTime: Number.POSITIVE_INFINITY }).data;
}

export type Chosen = { file: File; handle?: Handle };
type About = { place: Place; recordedAt?: string; notes?: string };

/** Begins to upload what was chosen; says at once what will not be taken. */
export function useUpload(): (chosen: readonly Chosen[], about: About) => void {
  const { name: user } = useSelf();
  const limits = useLimits();
  return useCallback(
    (chosen, about) => {
      for (const { file, handle } of chosen) {
        const refusal = limits && refusalOf(file, limits);
        if (refusal === undefined) uploads.add(file, { ...about, user, handle });
        else
          toast.problem(new ApiProblem({ code: "invalid_upload", detail: `${file.name}: ${refusal}` }, 422));
      }
    },
    [limits, user],
  );
}
