import { Badge, Group, Text } from "@mantine/core";
import { useSelf } from "@/shared/session";
import { PageHeader } from "@/shared/ui";
import { Panel } from "../parts/Panel";
import { PasswordForm } from "./PasswordForm";
import { Sessions } from "./Sessions";

/** Who one is here, one's password, and where one is signed in. */
export function SignInPage() {
  const self = useSelf();
  return (
    <>
      <PageHeader title="Your account">
        <Group gap="xs">
          <Text fw={600}>{self.name}</Text>
          {self.admin && <Badge variant="light">Admin</Badge>}
        </Group>
      </PageHeader>
      <Panel title="Where you are signed in">
        <Sessions />
      </Panel>
      <Panel title="Password" says="A new one ends all other sessions. Your keys go on.">
        <PasswordForm />
      </Panel>
    </>
  );
}
