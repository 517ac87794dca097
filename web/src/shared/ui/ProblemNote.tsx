import { Alert, Button, Code, Group, List, Stack, Text } from "@mantine/core";
import { IconAlertTriangle, IconPlugConnectedX } from "@tabler/icons-react";
import { problemOf } from "@/shared/api";

type Props = { error: unknown; onRetry?: () => void };

/** What went wrong: the sentence, the next move, and the code to look it up by. */
export function ProblemNote({ error, onRetry }: Props) {
  const problem = problemOf(error);
  return (
    <Alert
      role="alert"
      color={problem.offline ? "yellow" : "red"}
      icon={problem.offline ? <IconPlugConnectedX /> : <IconAlertTriangle />}
      title={problem.message}
    >
      <Stack gap="xs">
        {problem.hint !== null && <Text size="sm">{problem.hint}</Text>}
        {problem.faults.length > 0 && (
          <List size="sm">
            {problem.faults.map(({ field, message }) => (
              <List.Item key={`${field} ${message}`}>
                <Code>{field}</Code> {message}
              </List.Item>
            ))}
          </List>
        )}
        <Group gap="xs">
          {onRetry !== undefined && (
            <Button size="xs" variant="default" onClick={onRetry}>
              Try again
            </Button>
          )}
          <Code>{problem.code}</Code>
          {problem.correlationId !== "" && (
            <Text size="xs" c="dimmed">
              request {problem.correlationId}
            </Text>
          )}
        </Group>
      </Stack>
    </Alert>
  );
}
