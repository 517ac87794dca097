import { useCallback, useMemo, useRef, useState } from "react";
import type { VideoView } from "@/shared/api";

/** Which of the listed videos are selected; what is listed no more is selected no more. */
export function useSelection(videos: readonly VideoView[]) {
  const [ids, setIds] = useState<ReadonlySet<string>>(new Set());
  const last = useRef<string>(undefined);
  const listed = useRef(videos);
  listed.current = videos;
  const chosen = useMemo(() => videos.filter(({ id }) => ids.has(id)), [videos, ids]);
  const selected = useMemo(() => new Set(chosen.map(({ id }) => id)), [chosen]);

  const toggle = useCallback((id: string, range: boolean) => {
    const order = listed.current.map((one) => one.id);
    const from = range && last.current !== undefined ? order.indexOf(last.current) : -1;
    const to = order.indexOf(id);
    last.current = id;
    setIds((before) => {
      const next = new Set(before);
      if (from >= 0) {
        for (const one of order.slice(Math.min(from, to), Math.max(from, to) + 1)) next.add(one);
      } else if (!next.delete(id)) {
        next.add(id);
      }
      return next;
    });
  }, []);

  return {
    chosen,
    selected,
    toggle,
    all: () => setIds(new Set(videos.map(({ id }) => id))),
    clear: () => setIds(new Set()),
  };
}
