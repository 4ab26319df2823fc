/**
 * What a page holds at most, so that one of ten thousand trials opens at once: single marks in a chart,
 * variants in a chart, rows of a table. The files beside the report have everything.
 */
export const MOST = { marks: 400, variants: 50, rows: 400, errors: 50 } as const;

/** Some of the items, at equal distances; all where they are few. */
export function thinned<T>(items: readonly T[], most: number): readonly T[] {
  if (items.length <= most) return items;
  return Array.from({ length: most }, (_, i) => items[Math.floor((i * items.length) / most)]!);
}

/** Says that only some are shown; empty where all are. */
export function ofAll(shown: number, all: number, what: string): string {
  return shown === all ? '' : ` Only ${shown} of ${all} ${what} are shown.`;
}
