import Table from 'cli-table3';
import { printable } from '@tersor/core';
import { coloursFor } from './colours.js';

/** A table for people: heads, rows of text, and the indexes of right-aligned columns. */
export interface TextTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly right: readonly number[];
}

/** Space between columns if there are no lines. */
const GAP = '  ';
/** Index of the line below the heads. */
const RULE = 2;
/** Smallest width of a column whose text may be broken anywhere. */
const LEAST = 10;

/**
 * Formats a table with lines around its cells. If that is too wide for the terminal, it has no lines and
 * cells are wrapped: between words, in the first column after any character. If even that does not fit, every
 * row becomes a list of its cells. Text is made safe to print, since it may come from files.
 * @param columns width of the terminal; undefined for a file or a pipe
 */
export function fitTable(table: TextTable, columns = process.stdout.columns): string {
  const { head, right } = table;
  const rows = table.rows.map((cells) => cells.map(printable));
  const all = [head, ...rows];
  const natural = head.map((_, at) => Math.max(...all.map((cells) => cells[at]!.length)));
  if (sum(natural) + 3 * head.length + 1 <= (columns ?? Infinity)) return framed({ head, rows, right });
  const room = columns! - GAP.length * (head.length - 1);
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
    if (widest < 0) return listed({ head, rows, right }, columns!);
    widths[widest]!--;
  }
  const { bold, dim } = coloursFor(process.stdout);
  const draw = (cells: readonly string[], paint = (line: string) => line) => {
    const lines = cells.map((cell, at) => broken(cell, widths[at]!));
    return Array.from({ length: Math.max(...lines.map(({ length }) => length)) }, (_, i) =>
      paint(
        lines
          .map((of, at) =>
            right.includes(at) ? (of[i] ?? '').padStart(widths[at]!) : (of[i] ?? '').padEnd(widths[at]!),
          )
          .join(GAP)
          .trimEnd(),
      ),
    );
  };
  const rule = dim(widths.map((width) => '─'.repeat(width)).join(GAP));
  return [...draw(head, bold), rule, ...rows.flatMap((cells) => draw(cells))].join('\n');
}

function framed({ head, rows, right }: TextTable): string {
  const { bold } = coloursFor(process.stdout);
  const drawn = new Table({
    head: head.map((cell) => bold(cell)),
    style: { head: [], border: [] },
    colAligns: head.map((_, at) => (right.includes(at) ? 'right' : 'left')),
  });
  for (const cells of rows) drawn.push([...cells]);
  // Keep only the rule below the heads: rules between all rows would double the number of lines.
  const lines = drawn.toString().split('\n');
  return lines.filter((line, at) => at === RULE || !line.startsWith('├')).join('\n');
}

/** Formats every row as a list: its first cell, then a line for each of the others. */
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

/** Breaks text into lines of at most `width` characters. */
function broken(text: string, width: number): string[] {
  const lines = [''];
  // Break names where their words join, if possible.
  for (const part of text
    .split(/(?<=[ _/,-])|(?<=[a-z])(?=[A-Z])/)
    .flatMap((piece) => pieces(piece, width))) {
    const joined = lines.at(-1)! + part;
    if (joined.trimEnd().length <= width) lines[lines.length - 1] = joined;
    else lines.push(part);
  }
  return lines.map((line) => line.trimEnd());
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
