import { Accordion, Button, Card, Group, Stack, Text, Title } from "@mantine/core";
import { useQueries, useQuery } from "@tanstack/react-query";
import { type ApiProblem, operationsShowOptions, pipelinesShowOptions } from "@/shared/api";
import { ProblemNote, RowsSkeleton } from "@/shared/ui";
import { faultsOf } from "../form/faults";
import { SchemaForm } from "../form/SchemaForm";
import { fieldsOf, labelOf, type Schema, type Values } from "../form/schema";
import { isValues } from "../form/values";
import { joins, type Work } from "./draft";

type Props = {
  work: Work;
  values: Values;
  refusal: ApiProblem | undefined;
  onChange: (values: Values) => void;
  onOther: () => void;
};

/** The fields of the chosen operation or of a pipeline's steps. */
export function WorkForm({ work, values, refusal, onChange, onOther }: Props) {
  return (
    <Card withBorder component="section" aria-labelledby="settings">
      <Stack gap="md">
        <Group justify="space-between">
          <Title order={2} size="h5" id="settings">
            {labelOf(work.name)}
          </Title>
          <Button variant="default" size="xs" onClick={onOther}>
            Do something else
          </Button>
        </Group>
        {work.is === "operation" ? (
          <OperationForm key={work.name} work={work} values={values} refusal={refusal} onChange={onChange} />
        ) : (
          <PipelineForm key={work.name} work={work} values={values} refusal={refusal} onChange={onChange} />
        )}
      </Stack>
    </Card>
  );
}

type FormProps = Omit<Props, "onOther">;

function OperationForm({ work, values, refusal, onChange }: FormProps) {
  const operation = useQuery(operationsShowOptions({ path: { name: work.name } }));
  if (operation.isPending) return <RowsSkeleton count={3} />;
  if (operation.isError) return <ProblemNote error={operation.error} onRetry={operation.refetch} />;
  const fields = fieldsOf(operation.data.fields as Schema);
  return (
    <>
      <Text size="sm" c="dimmed">
        {operation.data.summary}
      </Text>
      <SchemaForm
        // The inputs above are the sources, in their order.
        fields={fields.filter(({ name }) => !(name === "sources" && joins(work)))}
        values={values}
        faults={refusal === undefined ? {} : faultsOf(refusal, work.name)}
        onChange={onChange}
      />
    </>
  );
}

function PipelineForm({ work, values, refusal, onChange }: FormProps) {
  const pipeline = useQuery(pipelinesShowOptions({ path: { name: work.name } }));
  const steps = (pipeline.data?.steps ?? []).map((step) => ({
    own: step as Values,
    name: String(step.name ?? step.op),
  }));
  const operations = useQueries({
    queries: steps.map(({ own }) => operationsShowOptions({ path: { name: String(own.op) } })),
  });
  if (pipeline.isPending) return <RowsSkeleton count={3} />;
  if (pipeline.isError) return <ProblemNote error={pipeline.error} onRetry={pipeline.refetch} />;
  return (
    <>
      <Text size="sm" c="dimmed">
        {pipeline.data.summary} It runs as it is; each step can be changed.
      </Text>
      <Accordion variant="contained" multiple defaultValue={Object.keys(values)}>
        {steps.map(({ name, own }, place) => {
          const schema = operations[place]?.data?.fields as Schema | undefined;
          const inner = values[name];
          return (
            <Accordion.Item key={name} value={name}>
              <Accordion.Control>{labelOf(name)}</Accordion.Control>
              <Accordion.Panel>
                {schema === undefined ? (
                  <RowsSkeleton count={2} />
                ) : (
                  <SchemaForm
                    fields={fieldsOf(withOwn(schema, own))}
                    values={isValues(inner) ? inner : {}}
                    faults={refusal === undefined ? {} : faultsOf(refusal, name)}
                    onChange={(next) => onChange({ ...values, [name]: next })}
                  />
                )}
              </Accordion.Panel>
            </Accordion.Item>
          );
        })}
      </Accordion>
    </>
  );
}

/** The schema with what the pipeline itself says as the defaults. */
function withOwn(schema: Schema, own: Values): Schema {
  const properties = Object.entries(schema.properties ?? {}).map(
    ([name, property]) => [name, name in own ? { ...property, default: own[name] } : property] as const,
  );
  return { ...schema, properties: Object.fromEntries(properties) };
}
