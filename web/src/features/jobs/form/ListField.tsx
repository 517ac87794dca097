import { ActionIcon, Button, Card, Fieldset, Group, Menu, Stack, Text } from "@mantine/core";
import { IconArrowDown, IconArrowUp, IconPlus, IconTrash } from "@tabler/icons-react";
import { useForm } from "./context";
import { FieldView } from "./FieldView";
import { type Field, type Kind, labelOf, type Variant } from "./schema";
import { isValues, type Path } from "./values";

type Props = { field: Field; of: Kind; value: unknown; path: Path; single?: boolean };

/** Several things in an order: each is added, moved and taken away. */
export function ListField({ field, of, value, path, single = false }: Props) {
  const { faults, change } = useForm();
  const items: unknown[] = single ? (value === undefined ? [] : [value]) : Array.isArray(value) ? value : [];
  const fault = faults[path.join(".")];

  function become(next: unknown[]) {
    change(path, next.length === 0 ? undefined : single ? next[0] : next);
  }
  function move(from: number, to: number) {
    const next = [...items];
    next.splice(to, 0, ...next.splice(from, 1));
    become(next);
  }

  return (
    <Fieldset legend={field.needed ? `${field.label} *` : field.label}>
      <Stack gap="sm">
        {fault !== undefined && (
          <Text size="sm" c="var(--mantine-color-error)" role="alert">
            {fault}
          </Text>
        )}
        {items.map((item, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: items have no names, and what they hold is typed
          <Card key={index} withBorder padding="sm" bg="transparent">
            <Group justify="space-between" mb={4}>
              <Text fw={600} size="sm">
                {index + 1}. {nameOf(of, item)}
              </Text>
              <Group gap={2}>
                <ItemAction label="Move up" off={index === 0} run={() => move(index, index - 1)}>
                  <IconArrowUp size={16} />
                </ItemAction>
                <ItemAction
                  label="Move down"
                  off={index === items.length - 1}
                  run={() => move(index, index + 1)}
                >
                  <IconArrowDown size={16} />
                </ItemAction>
                <ItemAction label="Remove" run={() => become(items.filter((_, place) => place !== index))}>
                  <IconTrash size={16} />
                </ItemAction>
              </Group>
            </Group>
            <Item of={of} item={item} path={single ? path : [...path, index]} field={field} />
          </Card>
        ))}
        {!(single && items.length > 0) && (
          <Adder of={of} field={field} add={(one) => become([...items, one])} />
        )}
      </Stack>
    </Fieldset>
  );
}

type ActionProps = { label: string; off?: boolean; run: () => void; children: React.ReactNode };

function ItemAction({ label, off = false, run, children }: ActionProps) {
  return (
    <ActionIcon variant="subtle" color="gray" aria-label={label} disabled={off} onClick={run}>
      {children}
    </ActionIcon>
  );
}

function Item({ of, item, path, field }: { of: Kind; item: unknown; path: Path; field: Field }) {
  if (of.is !== "variants" && of.is !== "group") {
    const inner: Field = { ...field, kind: of, needed: false, help: "", folded: false };
    return <FieldView field={inner} value={item} path={path} />;
  }
  const fields = of.is === "group" ? of.fields : (variantOf(of, item)?.fields ?? []);
  const help = of.is === "group" ? "" : variantOf(of, item)?.help;
  const values = isValues(item) ? item : {};
  return (
    <Stack gap="sm">
      {help && (
        <Text size="xs" c="dimmed">
          {help}
        </Text>
      )}
      {fields.map((inner) => (
        <FieldView key={inner.name} field={inner} value={values[inner.name]} path={[...path, inner.name]} />
      ))}
    </Stack>
  );
}

function Adder({ of, field, add }: { of: Kind; field: Field; add: (item: unknown) => void }) {
  const what = field.label.toLowerCase();
  if (of.is !== "variants") {
    return (
      <Button
        variant="default"
        size="xs"
        leftSection={<IconPlus size={14} />}
        onClick={() => add(of.is === "group" ? {} : "")}
      >
        Add {what}
      </Button>
    );
  }
  return (
    <Menu position="bottom-start">
      <Menu.Target>
        <Button variant="default" size="xs" leftSection={<IconPlus size={14} />}>
          Add to {what}
        </Button>
      </Menu.Target>
      <Menu.Dropdown mah={360} style={{ overflowY: "auto" }}>
        {of.variants.map((variant) => (
          <Menu.Item key={variant.name} onClick={() => add({ [of.tag]: variant.name })}>
            {labelOf(variant.name)}
            <Text size="xs" c="dimmed">
              {variant.help}
            </Text>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function variantOf(of: Extract<Kind, { is: "variants" }>, item: unknown): Variant | undefined {
  return of.variants.find(({ name }) => isValues(item) && item[of.tag] === name);
}

function nameOf(of: Kind, item: unknown): string {
  return of.is === "variants" ? labelOf(variantOf(of, item)?.name ?? "?") : "";
}
