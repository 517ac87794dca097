import { Alert, Button, Code, Group, Stack, Text } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { IconAlertTriangle } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import type { ErrorView, JobDetailView } from "@/shared/api";
import { useMay } from "@/shared/session";
import { CopyBox } from "../CopyBox";
import { PageButton } from "../links";
import { useSteering } from "../steering";
import { DocsText } from "./DocsText";

/** Why it failed, and the next move; it stands above everything else. */
export function FailureNote({ job, error }: { job: JobDetailView; error: ErrorView }) {
  const { run, pending } = useSteering();
  const mayWork = useMay("operator", job.workspace_id);
  const [opened, { toggle }] = useDisclosure(false);
  const page = useQuery({
    queryKey: ["docs", error.code],
    queryFn: async () => (await import("./errorPages")).pageOf(error.code) ?? null,
    staleTime: Number.POSITIVE_INFINITY,
  });
  return (
    <Alert
      role="alert"
      color="red"
      icon={<IconAlertTriangle />}
      title={`${error.message.charAt(0).toUpperCase()}${error.message.slice(1)}`}
    >
      <Stack gap="sm">
        {error.hint && <Text size="sm">{error.hint}</Text>}
        {job.last_words.length > 0 && (
          <CopyBox text={job.last_words.join("\n")} label="last words of the program" />
        )}
        {mayWork && (
          <Group gap="xs">
            <PageButton to="/new-job" search={{ from: job.id }} size="xs">
              Change and run again
            </PageButton>
            <Button size="xs" variant="default" loading={pending} onClick={() => run("retry", [job])}>
              Retry as it is
            </Button>
            {page.data && (
              <Button size="xs" variant="subtle" onClick={toggle} aria-expanded={opened}>
                What this means
              </Button>
            )}
            <Code>{error.code}</Code>
          </Group>
        )}
        {opened && page.data && <DocsText text={page.data} />}
      </Stack>
    </Alert>
  );
}
