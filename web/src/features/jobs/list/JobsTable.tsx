import { Card, Checkbox, Table } from "@mantine/core";
import type { JobView } from "@/shared/api";
import { JobRow } from "./JobRow";
import classes from "./JobsTable.module.css";

type Props = {
  jobs: JobView[];
  selected: ReadonlySet<string>;
  onSelect: (selected: ReadonlySet<string>) => void;
};

/** Jobs as rows; narrow screens show less of each. */
export function JobsTable({ jobs, selected, onSelect }: Props) {
  const all = jobs.every(({ id }) => selected.has(id));
  function toggle(id: string) {
    const next = new Set(selected);
    if (!next.delete(id)) next.add(id);
    onSelect(next);
  }
  return (
    <Card withBorder padding={0}>
      <Table verticalSpacing="xs" highlightOnHover className={classes.table}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th w={44}>
              <Checkbox
                size="xs"
                aria-label="Select all"
                checked={all}
                indeterminate={!all && jobs.some(({ id }) => selected.has(id))}
                onChange={() => onSelect(all ? new Set() : new Set(jobs.map(({ id }) => id)))}
              />
            </Table.Th>
            <Table.Th>Job</Table.Th>
            <Table.Th className={classes.progress}>Progress</Table.Th>
            <Table.Th className={classes.wide}>Owner</Table.Th>
            <Table.Th className={classes.wide} ta="right">
              Priority
            </Table.Th>
            <Table.Th className={`${classes.wide} ${classes.when}`} ta="right">
              Submitted
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {jobs.map((job) => (
            <JobRow key={job.id} job={job} selected={selected.has(job.id)} onToggle={() => toggle(job.id)} />
          ))}
        </Table.Tbody>
      </Table>
    </Card>
  );
}
