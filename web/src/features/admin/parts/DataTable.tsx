import { Table, VisuallyHidden } from "@mantine/core";
import type { ReactNode } from "react";
import classes from "./DataTable.module.css";

export type Column<Row> = {
  /** Empty: what can be done with the row. */
  label: string;
  cell: (row: Row) => ReactNode;
  /** Figures stand at the right. */
  figure?: boolean;
};

type Props<Row> = {
  /** For those who hear the page. */
  name: string;
  columns: ReadonlyArray<Column<Row>>;
  rows: readonly Row[];
  keyOf: (row: Row) => string | number;
};

/** Rows under headings; on a phone a card for each. Roles are named, as a card is no row by itself. */
export function DataTable<Row>({ name, columns, rows, keyOf }: Props<Row>) {
  const side = ({ figure, label }: Column<Row>) => (figure || label === "" ? "right" : undefined);
  return (
    <div className={classes.scroll}>
      <Table role="table" aria-label={name} className={classes.table} verticalSpacing={8} highlightOnHover>
        <Table.Thead role="rowgroup" className={classes.thead}>
          <Table.Tr role="row">
            {columns.map((column) => (
              <Table.Th
                key={column.label}
                role="columnheader"
                scope="col"
                className={classes.head}
                ta={side(column)}
              >
                {column.label === "" ? <VisuallyHidden>Actions</VisuallyHidden> : column.label}
              </Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody role="rowgroup" className={classes.body}>
          {rows.map((row) => (
            <Table.Tr role="row" key={keyOf(row)} className={classes.row}>
              {columns.map((column) => (
                <Table.Td
                  role="cell"
                  key={column.label}
                  data-label={column.label}
                  className={classes.cell}
                  ta={side(column)}
                >
                  {column.cell(row)}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
