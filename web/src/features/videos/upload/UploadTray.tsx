import { ActionIcon, Button, Collapse, Group, Text } from "@mantine/core";
import { IconChevronDown, IconChevronUp } from "@tabler/icons-react";
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { apiQueries } from "@/shared/api";
import { useSelf } from "@/shared/session";
import { UploadRow } from "./UploadRow";
import classes from "./upload.module.css";
import { type Upload, uploads } from "./uploads";
import { useUploads } from "./useUploads";

const GOING = ["waiting", "hashing", "uploading", "completing"];
const OVER = ["there", "duplicate", "failed"];
const isGoing = ({ phase }: Upload) => GOING.includes(phase.name);
const isOver = ({ phase }: Upload) => OVER.includes(phase.name);

/** How the uploads are, at the edge of every page; nothing while there are none. */
export function UploadTray() {
  const items = useUploads();
  const [open, setOpen] = useState(true);
  const { name: user } = useSelf();
  const queries = useQueryClient();
  const going = items.filter(isGoing).length;

  useEffect(() => {
    uploads.onEnded(() => {
      queries.invalidateQueries(apiQueries("videosList", "jobsList", "collectionsList"));
    });
    void uploads.takeUp(user);
  }, [queries, user]);
  useEffect(() => {
    if (going === 0) return;
    const ask = (event: BeforeUnloadEvent) => event.preventDefault();
    window.addEventListener("beforeunload", ask);
    return () => window.removeEventListener("beforeunload", ask);
  }, [going]);

  if (items.length === 0) return null;
  return (
    <section className={classes.tray} aria-label="Uploads">
      <div className={classes.head}>
        <Text fw={600} size="sm" aria-live="polite">
          {going > 0 ? `${going} ${going === 1 ? "upload" : "uploads"} going on` : "Uploads"}
        </Text>
        <Group gap={4}>
          {items.some(isOver) && (
            <Button
              size="compact-sm"
              variant="subtle"
              onClick={() => {
                for (const one of items.filter(isOver)) uploads.dismiss(one.id);
              }}
            >
              Clear
            </Button>
          )}
          <ActionIcon
            variant="subtle"
            color="gray"
            aria-label={open ? "Fold the uploads" : "Show the uploads"}
            aria-expanded={open}
            onClick={() => setOpen(!open)}
          >
            {open ? <IconChevronDown size={18} /> : <IconChevronUp size={18} />}
          </ActionIcon>
        </Group>
      </div>
      <Collapse expanded={open}>
        <ul className={classes.rows}>
          {items.map((upload) => (
            <UploadRow key={upload.id} upload={upload} />
          ))}
        </ul>
      </Collapse>
    </section>
  );
}
