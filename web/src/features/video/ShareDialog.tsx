import { ActionIcon, Button, CopyButton, Group, Modal, Select, Stack, Text, TextInput } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { type Form, type VideoDetailView, videosStreamUrl } from "@/shared/api";
import { moment } from "@/shared/format";
import { ProblemNote } from "@/shared/ui";
import { formsOf } from "./forms";

const HOUR_S = 3600;
const LASTING = [
  { value: String(HOUR_S), label: "1 hour" },
  { value: String(8 * HOUR_S), label: "8 hours" },
  { value: String(24 * HOUR_S), label: "1 day" },
  { value: String(3 * 24 * HOUR_S), label: "3 days" },
  { value: String(7 * 24 * HOUR_S), label: "7 days" },
];
const WHAT: Record<string, string> = {
  hls: "Stream, for players that know HLS",
  file: "File, for any browser",
  original: "Original, as it was uploaded",
};

/** An address that plays without an account until it expires. */
export function ShareDialog({ video, onClose }: { video: VideoDetailView; onClose: () => void }) {
  const forms = formsOf(video);
  const [lifetime, setLifetime] = useState(String(24 * HOUR_S));
  const [form, setForm] = useState<Form>(forms.includes("file") ? "file" : "original");
  const sign = useMutation({
    mutationFn: async () => {
      const { data } = await videosStreamUrl({
        path: { video_id: video.id },
        query: { form, lifetime: Number(lifetime) },
        throwOnError: true,
      });
      return data;
    },
  });
  return (
    <Modal
      opened
      onClose={onClose}
      closeButtonProps={{ "aria-label": "Close" }}
      title="Share the video"
      size="lg"
    >
      <Stack>
        <Text size="sm" c="dimmed">
          Whoever has the link can watch until it expires, without an account. It cannot be taken back before.
        </Text>
        <Group grow align="flex-start">
          <Select
            label="What"
            data={forms.map((value) => ({ value, label: WHAT[value] ?? value }))}
            value={form}
            allowDeselect={false}
            onChange={(value) => {
              setForm(forms.find((one) => one === value) ?? form);
              sign.reset();
            }}
          />
          <Select
            label="Works for"
            data={LASTING}
            value={lifetime}
            allowDeselect={false}
            onChange={(value) => {
              setLifetime(value ?? lifetime);
              sign.reset();
            }}
          />
        </Group>
        {sign.error !== null && <ProblemNote error={sign.error} />}
        {sign.data === undefined ? (
          <Button onClick={() => sign.mutate()} loading={sign.isPending}>
            Make a link
          </Button>
        ) : (
          <TextInput
            label="Link"
            readOnly
            value={sign.data.url}
            description={`Works until ${moment(sign.data.expires_at)}`}
            onFocus={(event) => event.currentTarget.select()}
            rightSection={<Copy text={sign.data.url} />}
          />
        )}
      </Stack>
    </Modal>
  );
}

function Copy({ text }: { text: string }) {
  return (
    <CopyButton value={text}>
      {({ copied, copy }) => (
        <ActionIcon variant="subtle" aria-label={copied ? "Copied" : "Copy the link"} onClick={copy}>
          {copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
        </ActionIcon>
      )}
    </CopyButton>
  );
}
