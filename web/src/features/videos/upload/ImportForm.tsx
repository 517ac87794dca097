import { Button, Group, Stack, Text, TextInput } from "@mantine/core";
import { IconWorldDownload } from "@tabler/icons-react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type SubmitEvent, useState } from "react";
import { apiQueries, downloadsCreateAnywhereMutation } from "@/shared/api";
import { TextLink } from "@/shared/routing/links";
import { ProblemNote } from "@/shared/ui";
import type { Place } from "../search";

type Props = { place: Place; recordedAt?: string; notes?: string };

/** Brings a film in from an address; a job of the server fetches it. */
export function ImportForm({ place, recordedAt, notes }: Props) {
  const [url, setUrl] = useState("");
  const queries = useQueryClient();
  const fetched = useMutation({
    ...downloadsCreateAnywhereMutation(),
    onSuccess: () => {
      setUrl("");
      queries.invalidateQueries(apiQueries("jobsList", "videosList"));
    },
  });

  function submit(event: SubmitEvent) {
    event.preventDefault();
    fetched.mutate({
      body: {
        url: url.trim(),
        workspace: place.workspace,
        collection: place.collection,
        recorded_at: recordedAt,
        notes,
      },
    });
  }

  return (
    <Stack component="form" gap="xs" onSubmit={submit}>
      <Group align="flex-end" gap="xs">
        <TextInput
          flex={1}
          miw={220}
          type="url"
          label="Import from an address"
          placeholder="https://example.com/film.mp4"
          required
          withAsterisk={false}
          value={url}
          onChange={(event) => setUrl(event.currentTarget.value)}
        />
        <Button
          type="submit"
          variant="default"
          loading={fetched.isPending}
          leftSection={<IconWorldDownload size={18} aria-hidden />}
        >
          Import
        </Button>
      </Group>
      {fetched.isError && <ProblemNote error={fetched.error} />}
      {fetched.isSuccess && (
        <Text size="sm" role="status">
          It is being fetched.{" "}
          <TextLink to="/jobs/$jobId" params={{ jobId: fetched.data.job_id }}>
            Watch its job
          </TextLink>
        </Text>
      )}
    </Stack>
  );
}
