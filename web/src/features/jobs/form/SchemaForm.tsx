import { Accordion, SimpleGrid, Stack, Text } from "@mantine/core";
import { Form } from "./context";
import { FieldView } from "./FieldView";
import type { Faults } from "./faults";
import type { Field, Values } from "./schema";
import { type Path, withValue } from "./values";

type Props = { fields: Field[]; values: Values; faults: Faults; onChange: (values: Values) => void };

const WIDE = new Set(["list", "group", "variants", "input"]);

/** A form made of an operation's fields; what few people touch is folded away. */
export function SchemaForm({ fields, values, faults, onChange }: Props) {
  const shown = fields.filter(({ folded }) => !folded);
  const folded = fields.filter((field) => field.folded);
  const touched = folded.some(({ name }) => values[name] !== undefined || faults[name] !== undefined);
  const change = (path: Path, value: unknown) => onChange(withValue(values, path, value));
  return (
    <Form value={{ faults, change }}>
      <Stack gap="md">
        {shown.length === 0 && (
          <Text size="sm" c="dimmed">
            There is nothing to choose: it goes as it is.
          </Text>
        )}
        <Fields fields={shown} values={values} />
        {folded.length > 0 && (
          <Accordion variant="contained" defaultValue={touched ? "more" : null}>
            <Accordion.Item value="more">
              <Accordion.Control>Advanced</Accordion.Control>
              <Accordion.Panel>
                <Fields fields={folded} values={values} />
              </Accordion.Panel>
            </Accordion.Item>
          </Accordion>
        )}
      </Stack>
    </Form>
  );
}

function Fields({ fields, values }: { fields: Field[]; values: Values }) {
  const view = (field: Field) => (
    <FieldView key={field.name} field={field} value={values[field.name]} path={[field.name]} />
  );
  return (
    <Stack gap="md">
      {fields.filter(({ kind, needed }) => WIDE.has(kind.is) && needed).map(view)}
      <SimpleGrid cols={{ base: 1, md: 2 }} spacing="md" verticalSpacing="md">
        {fields.filter(({ kind }) => !WIDE.has(kind.is)).map(view)}
      </SimpleGrid>
      {fields.filter(({ kind, needed }) => WIDE.has(kind.is) && !needed).map(view)}
    </Stack>
  );
}
