/** Uploading a file from within a form; leaving the form gives it up. */
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { apiQueries } from "@/shared/api";
import { brought, type Destination } from "./bringing";
import { useSideFiles } from "./context";

type Going = { name: string; share: number };

export function useBringing(
  what: Omit<Destination, "workspace" | "collection">,
  onThere: (id: string) => void,
) {
  const { workspace, collection } = useSideFiles();
  const queries = useQueryClient();
  const [going, setGoing] = useState<Going>();
  const stop = useRef<AbortController>(undefined);
  useEffect(() => () => stop.current?.abort(), []);
  const { mutate, error, reset } = useMutation({
    mutationFn: async (file: File) => {
      stop.current = new AbortController();
      const tell = (sent: number) => setGoing({ name: file.name, share: sent / Math.max(1, file.size) });
      tell(0);
      const { signal } = stop.current;
      return await brought(file, { workspace, collection, ...what }, { signal, onProgress: tell });
    },
    onSuccess: onThere,
    onSettled: () => {
      setGoing(undefined);
      return queries.invalidateQueries(apiQueries("videosList"));
    },
  });
  function giveUp() {
    stop.current?.abort();
    reset();
    setGoing(undefined);
  }
  return { bring: mutate, going, error, giveUp };
}
