/**
 * Limits of a page, so that a report of ten thousand trials opens at once: marks and variants in a chart,
 * rows of a table, error messages. The files beside the report have everything.
 */
export const MOST = { marks: 400, variants: 50, rows: 400, errors: 50 } as const;

/** At most `most` of the items, evenly spaced. */
export function thinned<T>(items: readonly T[], most: number): readonly T[] {
  if (items.length <= most) return items;
  return Array.from({ length: most }, (_, i) => items[Math.floor((i * items.length) / most)]!);
}

/** A sentence saying how many are shown; empty if all are. */
export function ofAll(shown: number, all: number, what: string): string {
  return shown === all ? '' : ` Only ${shown} of ${all} ${what} are shown.`;
}
