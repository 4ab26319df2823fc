// Result files that are one list of rows.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

/** The rows of a file; none where it is missing. */
export function readFlatRows<Row>(file: string): readonly Row[] {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { rows: Row[] }).rows : [];
}

/** Adds a row. The file is read again for that, since another network may be measured at the same time. */
export function addFlatRow(file: string, row: unknown): void {
  writeFileSync(file, `${JSON.stringify({ rows: [...readFlatRows(file), row] }, undefined, 1)}\n`);
}
