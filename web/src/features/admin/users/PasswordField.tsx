import { Button, CopyButton, Group, PasswordInput } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { newPassword } from "./passwords";

type Props = {
  value: string;
  onChange: (value: string) => void;
  label: string;
  description?: string;
  required?: boolean;
  error?: string;
};

/** A password for somebody else: written, or made here and copied. */
export function PasswordField({ value, onChange, description, ...input }: Props) {
  const [visible, { open, toggle }] = useDisclosure();
  return (
    <div>
      <PasswordInput
        {...input}
        description={description ?? "At least 12 characters"}
        autoComplete="new-password"
        visible={visible}
        onVisibilityChange={toggle}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
      <Group gap="xs" mt={6}>
        <Button
          size="compact-sm"
          variant="default"
          onClick={() => {
            onChange(newPassword());
            open();
          }}
        >
          Make one
        </Button>
        <CopyButton value={value}>
          {({ copied, copy }) => (
            <Button size="compact-sm" variant="subtle" disabled={value === ""} onClick={copy}>
              {copied ? "Copied" : "Copy"}
            </Button>
          )}
        </CopyButton>
      </Group>
    </div>
  );
}
