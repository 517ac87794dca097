import { Group, Loader, Select, Text } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconSearch } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import { problemOf, type VideoView, videosListOptions } from "@/shared/api";
import { bytes, duration } from "@/shared/format";
import type { InputKind } from "../form/schema";

export type VideoSearchProps = {
  label: string;
  help?: ReactNode;
  error?: ReactNode;
  required?: boolean;
  /** What is looked for. */
  kind: InputKind;
  workspace: string | undefined;
  without?: readonly string[];
  /** Offered where an address was pasted. */
  onAddress?: (address: string) => void;
  onPick: (video: VideoView) => void;
  /** Puts the field beside something. */
  beside?: (field: ReactNode) => ReactNode;
};

const ADDRESS = /^https?:\/\/\S+\.\S+/;
const IMPORT = "import";
const NOUNS: Record<InputKind, string> = {
  media: "video or sound",
  picture: "picture",
  subtitles: "subtitles",
  font: "font",
};

/** A field that finds stored videos by what is typed; what is picked is the caller's matter. */
export function VideoSearch({
  label,
  help,
  error,
  required,
  kind,
  workspace,
  without = [],
  onAddress,
  onPick,
  beside,
}: VideoSearchProps) {
  const [text, setText] = useState("");
  const [wanted] = useDebouncedValue(text.trim(), 250);
  const found = useQuery({
    ...videosListOptions({
      path: { workspace: workspace ?? "" },
      query: { kind, text: wanted === "" ? undefined : wanted, limit: 20 },
    }),
    enabled: workspace !== undefined && !ADDRESS.test(wanted),
    placeholderData: keepPreviousData,
  });
  const videos = (found.data?.items ?? []).filter(({ id }) => !without.includes(id));
  const isAddress = onAddress !== undefined && ADDRESS.test(text.trim());

  return (
    <Select
      label={label}
      description={help}
      error={error ?? (found.isError ? problemOf(found.error).message : undefined)}
      required={required}
      inputContainer={beside}
      placeholder={onAddress ? "Title or file name, or an address to import" : `Find ${NOUNS[kind]}`}
      leftSection={<IconSearch size={16} aria-hidden />}
      rightSection={found.isFetching ? <Loader size={14} /> : undefined}
      searchable
      searchValue={text}
      onSearchChange={setText}
      value={null}
      filter={({ options }) => options}
      nothingFoundMessage={found.isPending ? "Looking…" : `No such ${NOUNS[kind]} here`}
      data={
        isAddress
          ? [{ value: IMPORT, label: `Import ${text.trim()}` }]
          : videos.map(({ id, title, filename }) => ({
              value: id,
              label: kind === "media" ? title || filename : filename,
            }))
      }
      renderOption={({ option }) => {
        const video = videos.find(({ id }) => id === option.value);
        return (
          <Group justify="space-between" wrap="nowrap" w="100%">
            <Text size="sm" truncate>
              {option.label}
            </Text>
            {video !== undefined && (
              <Text size="xs" c="dimmed" flex="none">
                {factsOf(video)}
              </Text>
            )}
          </Group>
        );
      }}
      onChange={(value) => {
        if (value === null) return;
        if (value === IMPORT) onAddress?.(text.trim());
        const video = videos.find(({ id }) => id === value);
        if (video !== undefined) onPick(video);
        setText("");
      }}
    />
  );
}

/** `0:30 · 4.1 MB`. */
export function factsOf({ media, bytes: size }: Pick<VideoView, "media" | "bytes">): string {
  const facts = media as { duration_us?: number } | null;
  const length = facts?.duration_us ? [duration(facts.duration_us / 1000)] : [];
  return [...length, bytes(size)].join(" · ");
}
