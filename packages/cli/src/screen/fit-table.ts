import Table from 'cli-table3';
import { coloursFor } from './colours.js';

/** A table for people: heads, rows of text, and the columns whose text ends at the right. */
export interface TextTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly right: readonly number[];
}

/** Two spaces and a line for each column, and the last line. */
const frameOf = (columns: number) => 3 * columns + 1;
/** A column that may be broken anywhere stays at least so wide. */
const LEAST = 10;

/**
 * The table with lines around its cells, as wide as it likes; on a terminal as wide as that at most. What
 * doesn't fit is broken between words, names in columns at the left after any sign. Where not even that
 * helps, every row becomes a list of its cells.
 * @param columns width of the terminal; undefined for a file or a pipe
 */
export function fitTable(table: TextTable, columns = process.stdout.columns): string {
  const { head, rows, right } = table;
  const all = [head, ...rows];
  const natural = head.map((_, at) => Math.max(...all.map((cells) => cells[at]!.length)));
  const room = (columns ?? Infinity) - frameOf(head.length);
  const least = head.map((_, at) =>
    right.includes(at)
      ? Math.max(...all.map((cells) => longestWord(cells[at]!)))
      : Math.min(natural[at]!, Math.max(LEAST, longestWord(head[at]!))),
  );
  const widths = [...natural];
  while (sum(widths) > room) {
    const widest = widths.reduce(
      (best, width, at) => (width > least[at]! && (best < 0 || width > widths[best]!) ? at : best),
      -1,
    );
    if (widest < 0) return listed(table, columns!);
    widths[widest]!--;
  }
  const { bold } = coloursFor(process.stdout);
  const drawn = new Table({
    head: head.map((cell, at) => broken(cell, widths[at]!, bold)),
    style: { head: [], border: [] },
    colAligns: head.map((_, at) => (right.includes(at) ? 'right' : 'left')),
  });
  for (const cells of rows) drawn.push(cells.map((cell, at) => broken(cell, widths[at]!)));
  return drawn.toString();
}

/** A row after the other: its first cell, and a line for each of the others. */
function listed({ head, rows }: TextTable, columns: number): string {
  const { bold } = coloursFor(process.stdout);
  const label = Math.min(Math.max(...head.map(({ length }) => length)), Math.floor(columns / 2));
  const blocks = rows.map(([name, ...cells]) =>
    [
      bold(name!),
      ...cells.flatMap((cell, i) => (cell === '' ? [] : `  ${head[i + 1]!.padEnd(label)}  ${cell}`)),
    ].join('\n'),
  );
  return blocks.join('\n');
}

/** Text in lines of at most so many signs. */
function broken(text: string, width: number, paint: (line: string) => string = (line) => line): string {
  const lines = [''];
  // Names are broken after a sign that joins their words, where they have one.
  for (const part of text.split(/(?<=[ _/,-])/).flatMap((piece) => pieces(piece, width))) {
    const joined = lines.at(-1)! + part;
    if (joined.trimEnd().length <= width) lines[lines.length - 1] = joined;
    else lines.push(part);
  }
  return lines.map((line) => paint(line.trimEnd())).join('\n');
}

function pieces(text: string, width: number): string[] {
  if (text.trimEnd().length <= width) return [text];
  return Array.from({ length: Math.ceil(text.length / width) }, (_, i) =>
    text.slice(i * width, (i + 1) * width),
  );
}

function longestWord(text: string): number {
  return Math.max(...text.split(' ').map(({ length }) => length));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
