import { Overlay, Paper, Text } from "@mantine/core";
import { IconUpload } from "@tabler/icons-react";
import { useEffect, useEffectEvent, useState } from "react";
import { toast } from "@/shared/ui";
import type { Place } from "../search";
import { chosenFrom } from "./chosen";
import classes from "./upload.module.css";
import { useUpload } from "./useUploads";

type Props = { place: Place; recordedAt?: string; notes?: string };

/** Takes files that are dropped anywhere on the page. */
export function DropZone({ place, recordedAt, notes }: Props) {
  const upload = useUpload();
  const [over, setOver] = useState(false);
  const take = useEffectEvent(async (data: DataTransfer) => {
    try {
      upload(await chosenFrom(data), { place, recordedAt, notes });
    } catch (error) {
      toast.problem(error);
    }
  });

  useEffect(() => {
    const holds = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    function drag(event: DragEvent) {
      if (!holds(event)) return;
      event.preventDefault();
      setOver(true);
    }
    function leave(event: DragEvent) {
      // Only out of the window: between elements there is another one that is entered.
      if (event.relatedTarget === null) setOver(false);
    }
    function drop(event: DragEvent) {
      setOver(false);
      if (!holds(event) || event.dataTransfer === null) return;
      event.preventDefault();
      void take(event.dataTransfer);
    }
    window.addEventListener("dragenter", drag);
    window.addEventListener("dragover", drag);
    window.addEventListener("dragleave", leave);
    window.addEventListener("drop", drop);
    return () => {
      window.removeEventListener("dragenter", drag);
      window.removeEventListener("dragover", drag);
      window.removeEventListener("dragleave", leave);
      window.removeEventListener("drop", drop);
    };
  }, []);

  if (!over) return null;
  return (
    <Overlay fixed zIndex={400} backgroundOpacity={0.6} className={classes.over}>
      <Paper p="xl" shadow="lg" bg="var(--framemill-surface)" className={classes.target}>
        <IconUpload size={40} aria-hidden />
        <Text fw={600}>Drop to upload{place.collection ? ` to “${place.collection}”` : ""}</Text>
      </Paper>
    </Overlay>
  );
}
