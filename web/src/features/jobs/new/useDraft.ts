/** The draft that the page holds, begun from its address and written back there, so that a reload loses nothing. */
import { useDebouncedCallback } from "@mantine/hooks";
import { getRouteApi } from "@tanstack/react-router";
import { useEffect, useEffectEvent, useState } from "react";
import { jobsShow } from "@/shared/api";
import { said } from "../form/values";
import { type Draft, NORMAL } from "./draft";
import { draftOf } from "./prefill";
import type { NewJobSearch } from "./search";

const route = getRouteApi("/inside/new-job");
const WRITE_AFTER_MS = 500;

type Change = Partial<Draft> | ((draft: Draft) => Partial<Draft>);

export function useDraft() {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const [draft, setDraft] = useState(() => begun(search));
  const [problem, setProblem] = useState<unknown>(null);
  const write = useDebouncedCallback(
    (next: Draft) => navigate({ search: searchOf(next), replace: true, resetScroll: false }),
    WRITE_AFTER_MS,
  );

  function change(asked: Change) {
    setDraft((now) => {
      const next = { ...now, ...(typeof asked === "function" ? asked(now) : asked) };
      write(next);
      return next;
    });
  }

  const take = useEffectEvent(change);
  useEffect(() => {
    if (search.from === undefined) return;
    let wanted = true;
    jobsShow({ path: { job_id: search.from }, throwOnError: true })
      .then(({ data }) => draftOf(data))
      .then((found) => {
        if (wanted && found !== undefined) take(found);
      })
      .catch((error: unknown) => {
        if (wanted) setProblem(error);
      });
    return () => {
      wanted = false;
    };
  }, [search.from]);

  return { draft, change, problem };
}

function begun({ video, inputs, operation, pipeline, values, sides, priority, reuse }: NewJobSearch): Draft {
  return {
    videos: [...(video ? [video] : []), ...(inputs ?? [])],
    sides: sides ?? {},
    work: operation
      ? { is: "operation", name: operation }
      : pipeline
        ? { is: "pipeline", name: pipeline }
        : undefined,
    values: values ?? {},
    priority: priority ?? NORMAL,
    reuse: reuse ?? true,
  };
}

function searchOf({ videos, sides, work, values, priority, reuse }: Draft): NewJobSearch {
  const [video, ...inputs] = videos;
  const kept = said(values);
  return {
    video,
    inputs: inputs.length > 0 ? inputs : undefined,
    operation: work?.is === "operation" ? work.name : undefined,
    pipeline: work?.is === "pipeline" ? work.name : undefined,
    values: Object.keys(kept).length > 0 ? kept : undefined,
    sides: Object.keys(sides).length > 0 ? sides : undefined,
    priority: priority === NORMAL ? undefined : priority,
    reuse: reuse ? undefined : false,
  };
}
