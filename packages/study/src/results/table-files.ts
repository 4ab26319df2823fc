import { stringify } from 'csv-stringify/sync';
import type { BasicType } from 'hyparquet-writer' with { 'resolution-mode': 'import' };

/** A table of named, typed columns; empty cells are undefined. */
export interface Table {
  readonly columns: readonly { readonly name: string; readonly type: 'text' | 'whole' | 'number' }[];
  readonly rows: readonly (readonly (string | number | undefined)[])[];
}

/** A table as CSV, in full precision. Cells that a spreadsheet would take for a formula are escaped. */
export function csvOf({ columns, rows }: Table): string {
  return stringify([columns.map(({ name }) => name), ...rows], { escape_formulas: true });
}

const PARQUET: Readonly<Record<Table['columns'][number]['type'], BasicType>> = {
  text: 'STRING',
  whole: 'INT64',
  number: 'DOUBLE',
};

/** A table as a Parquet file, which keeps the types of columns; pandas, Polars, DuckDB and R read it. */
export async function parquetOf({ columns, rows }: Table): Promise<Uint8Array> {
  // An ES module: a CommonJS build cannot require it.
  const { parquetWriteBuffer } = await import('hyparquet-writer');
  const columnData = columns.map(({ name, type }, index) => ({
    name,
    type: PARQUET[type],
    nullable: true,
    data: rows.map((row) => cell(row[index], type)),
  }));
  return new Uint8Array(parquetWriteBuffer({ columnData }));
}

function cell(value: string | number | undefined, type: string): string | number | bigint | undefined {
  if (value === undefined) return undefined;
  if (type === 'text') return String(value);
  return type === 'whole' ? BigInt(value) : Number(value);
}
