import { Badge, Button, Group, Text } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { apiQueries, authEndSessionMutation, authListSessionsOptions, type SessionView } from "@/shared/api";
import { toast } from "@/shared/ui";
import { Ago } from "../parts/Ago";
import { DataTable } from "../parts/DataTable";
import { Loaded } from "../parts/Loaded";
import { clientOf } from "./agents";

/** Where one is signed in; each can be ended but the one that asks, which signs out above. */
export function Sessions() {
  const queries = useQueryClient();
  const sessions = useQuery(authListSessionsOptions());
  const end = useMutation({
    ...authEndSessionMutation(),
    onError: toast.problem,
    onSuccess: () => toast.done("Signed out there."),
    onSettled: () => queries.invalidateQueries(apiQueries("authListSessions")),
  });
  return (
    <Loaded query={sessions}>
      {(found) => (
        <DataTable
          name="Sessions"
          rows={found}
          keyOf={({ id }) => id}
          columns={[
            { label: "Client", cell: (session) => <Client session={session} /> },
            { label: "From", cell: ({ address }) => address ?? "this machine" },
            { label: "Used", cell: ({ used_at }) => <Ago at={used_at} /> },
            { label: "Begun", cell: ({ created_at }) => <Ago at={created_at} /> },
            { label: "Ends", cell: ({ expires_at }) => <Ago at={expires_at} /> },
            {
              label: "",
              cell: ({ id, current }) =>
                !current && (
                  <Button
                    size="compact-sm"
                    variant="default"
                    onClick={() => end.mutate({ path: { session_id: id } })}
                  >
                    Sign out
                  </Button>
                ),
            },
          ]}
        />
      )}
    </Loaded>
  );
}

function Client({ session }: { session: SessionView }) {
  return (
    <Group gap={6}>
      <Text size="sm" fw={600} title={session.agent}>
        {clientOf(session.agent) || (session.browser ? "A browser" : "A program")}
      </Text>
      {session.current && <Badge variant="light">This one</Badge>}
    </Group>
  );
}
