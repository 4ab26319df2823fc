import { escapeHtml } from './html.js';

/** A column of a table. */
export interface Column<Row> {
  readonly head: string;
  text(row: Row): string;
  /**
   * The number that the column is sorted by, where its text would sort wrongly; right-aligns the column.
   */
  value?(row: Row): number | undefined;
}

/**
 * An HTML table with a caption. Its first column has the row headers. With the page's script, a click on a
 * column header sorts it.
 */
export function table<Row>(caption: string, rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const heads = columns.map(
    ({ head, value }) => `<th scope="col"${value ? ' class="number"' : ''}>${escapeHtml(head)}</th>`,
  );
  const lines = rows.map((row) => {
    const cells = columns.map(({ text, value }, i) => {
      const tag = i === 0 ? 'th scope="row"' : 'td';
      const sort = value ? ` class="number" data-value="${value(row) ?? ''}"` : '';
      return `<${tag}${sort}>${escapeHtml(text(row))}</${tag.slice(0, 2)}>`;
    });
    return `<tr>${cells.join('')}</tr>`;
  });
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escapeHtml(caption)}"><table data-sortable><caption>${escapeHtml(caption)}</caption><thead><tr>${heads.join('')}</tr></thead><tbody>${lines.join('\n')}</tbody></table></div>`;
}

/** A part of the page that is collapsed at first. */
export function folded(summary: string, body: string): string {
  return `<details><summary>${escapeHtml(summary)}</summary>${body}</details>`;
}
