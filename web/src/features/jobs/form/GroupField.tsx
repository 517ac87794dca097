import { Fieldset, Stack, Text } from "@mantine/core";
import { FieldView } from "./FieldView";
import type { Field } from "./schema";
import { isValues, type Path } from "./values";

type Props = { field: Field; fields: Field[]; value: unknown; path: Path };

/** Fields that belong together. */
export function GroupField({ field, fields, value, path }: Props) {
  const values = isValues(value) ? value : {};
  return (
    <Fieldset legend={field.label}>
      <Stack gap="sm">
        {field.help !== "" && (
          <Text size="xs" c="dimmed">
            {field.help}
          </Text>
        )}
        {fields.map((inner) => (
          <FieldView key={inner.name} field={inner} value={values[inner.name]} path={[...path, inner.name]} />
        ))}
      </Stack>
    </Fieldset>
  );
}
