import { Box, Button, FileButton, Group, Text } from "@mantine/core";
import { IconUpload } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { problemOf, uploadsShowLimitsOptions } from "@/shared/api";
import { percent } from "@/shared/format";
import type { InputKind } from "../form/schema";
import type { Destination } from "./bringing";
import { useBringing } from "./useBringing";
import { VideoSearch, type VideoSearchProps } from "./VideoSearch";

type Props = Omit<VideoSearchProps, "beside" | "onPick"> & {
  pipeline?: Destination["pipeline"];
  onPick: (videoId: string) => void;
};

/** Finds a stored file, or takes one from this device. */
export function FindOrBring({ pipeline, onPick, ...search }: Props) {
  const { kind, label, error } = search;
  const { bring, going, error: refusal, giveUp } = useBringing({ kind, pipeline }, onPick);
  const accept = useAccepted(kind);
  return (
    <VideoSearch
      {...search}
      error={refusal === null ? error : said(refusal)}
      onPick={({ id }) => onPick(id)}
      beside={(field) => (
        <Group gap="xs" wrap="nowrap">
          <Box flex={1} miw={0}>
            {going === undefined ? (
              field
            ) : (
              <Text size="sm" truncate role="status">
                Uploading {going.name}: {percent(100 * going.share)}
              </Text>
            )}
          </Box>
          {going === undefined ? (
            <FileButton accept={accept} onChange={(file) => file !== null && bring(file)}>
              {(props) => (
                <Button
                  {...props}
                  variant="default"
                  leftSection={<IconUpload size={16} aria-hidden />}
                  aria-label={`Upload: ${label}`}
                >
                  Upload
                </Button>
              )}
            </FileButton>
          ) : (
            <Button variant="default" onClick={giveUp}>
              Cancel
            </Button>
          )}
        </Group>
      )}
    />
  );
}

function useAccepted(kind: InputKind): string | undefined {
  const { data } = useQuery({ ...uploadsShowLimitsOptions(), staleTime: Number.POSITIVE_INFINITY });
  const endings = kind === "media" ? data?.types : data?.others?.[kind];
  return endings?.map((ending) => `.${ending}`).join(",");
}

function said(refusal: Error): string {
  const { message, hint } = problemOf(refusal);
  return [message, hint].filter(Boolean).join(" ");
}
