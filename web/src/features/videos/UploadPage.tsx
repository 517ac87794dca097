import { Button, FileButton, Group, Select, Stack, Text, Textarea, TextInput } from "@mantine/core";
import { IconMovie, IconUpload } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { collectionsListOptions, workspacesListOptions } from "@/shared/api";
import { bytes } from "@/shared/format";
import { ButtonLink } from "@/shared/routing/links";
import { may, useSelf } from "@/shared/session";
import { EmptyState, PageHeader, ProblemNote, RowsSkeleton } from "@/shared/ui";
import { acceptOf } from "./upload/checks";
import { DropZone } from "./upload/DropZone";
import { ImportForm } from "./upload/ImportForm";
import classes from "./upload/upload.module.css";
import { useLimits, useUpload } from "./upload/useUploads";

const route = getRouteApi("/inside/upload");

/** Where files are chosen, with what is to be said of them. */
export function UploadPage() {
  const search = route.useSearch();
  const self = useSelf();
  const workspaces = useQuery(workspacesListOptions());
  const mine = workspaces.data?.items.filter(({ id }) => may(self, "operator", id));
  const workspace = mine?.find(({ name }) => name === (search.workspace ?? mine[0]?.name));
  const place = { workspace: workspace?.name, collection: search.collection };
  return (
    <Stack maw={720} mx="auto" gap={0}>
      <PageHeader title="Upload">
        <ButtonLink to="/videos" search={place} variant="default" leftSection={<IconMovie size={18} />}>
          To the videos
        </ButtonLink>
      </PageHeader>
      {workspaces.isPending && <RowsSkeleton />}
      {workspaces.isError && <ProblemNote error={workspaces.error} onRetry={workspaces.refetch} />}
      {mine !== undefined && workspace === undefined && (
        <EmptyState title="You cannot upload here">
          Somebody who manages the workspace can make you an operator of it.
        </EmptyState>
      )}
      {workspace !== undefined && (
        <Choosing
          workspaces={(mine ?? []).map(({ name, title }) => ({ value: name, label: title || name }))}
          place={{ workspace: workspace.name, collection: search.collection }}
        />
      )}
    </Stack>
  );
}

type Props = {
  workspaces: { value: string; label: string }[];
  place: { workspace: string; collection?: string };
};

function Choosing({ workspaces, place }: Props) {
  const navigate = useNavigate();
  const upload = useUpload();
  const limits = useLimits();
  const [recorded, setRecorded] = useState("");
  const [notes, setNotes] = useState("");
  const collections = useQuery(collectionsListOptions({ path: { workspace: place.workspace } }));
  const names = collections.data?.items.map(({ name }) => name) ?? [];
  const usual = names.includes("uploads") ? "uploads" : names[0];
  const there = { ...place, collection: place.collection ?? usual };
  const about = { place: there, recordedAt: recorded ? new Date(recorded).toISOString() : undefined, notes };

  function go(next: Partial<typeof place>) {
    void navigate({ to: "/upload", search: { ...place, ...next }, replace: true });
  }

  return (
    <Stack gap="lg">
      <DropZone {...about} />
      <div className={classes.field}>
        <IconUpload size={32} aria-hidden />
        <Text fw={600}>Drop films or sound anywhere on this page</Text>
        <FileButton
          multiple
          accept={acceptOf(limits)}
          onChange={(files) =>
            upload(
              files.map((file) => ({ file })),
              about,
            )
          }
        >
          {(props) => <Button {...props}>Choose files</Button>}
        </FileButton>
        <Text size="sm" c="dimmed" mih={20}>
          {limits !== undefined && `Up to ${bytes(limits.max_bytes)} each. You can leave the page meanwhile.`}
        </Text>
      </div>
      <ImportForm {...about} />
      <Group grow align="flex-start" preventGrowOverflow={false}>
        {workspaces.length > 1 && (
          <Select
            label="Workspace"
            allowDeselect={false}
            data={workspaces}
            value={place.workspace}
            onChange={(name) => go({ workspace: name ?? undefined, collection: undefined })}
          />
        )}
        <Select
          label="Collection"
          allowDeselect={false}
          data={names}
          value={there.collection ?? null}
          onChange={(name) => go({ collection: name ?? undefined })}
        />
        <TextInput
          type="datetime-local"
          label="Recorded at"
          description="In your time zone; may be left empty."
          inputWrapperOrder={["label", "input", "description"]}
          value={recorded}
          onChange={(event) => setRecorded(event.currentTarget.value)}
        />
      </Group>
      <Textarea
        label="Notes"
        autosize
        minRows={2}
        maxRows={10}
        maxLength={20_000}
        value={notes}
        onChange={(event) => setNotes(event.currentTarget.value)}
      />
    </Stack>
  );
}
