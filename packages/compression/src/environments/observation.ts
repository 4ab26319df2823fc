/**
 * Scales every column of a table to 0..1 over its rows (min-max, as AMC does for its layer features); a
 * constant column becomes 0.
 */
export function normalizeColumns(rows: readonly (readonly number[])[]): number[][] {
  const columns = rows[0]?.length ?? 0;
  const ranges = Array.from({ length: columns }, (_, column) => {
    const values = rows.map((row) => row[column]!);
    return { low: Math.min(...values), high: Math.max(...values) };
  });
  return rows.map((row) =>
    row.map((value, column) => {
      const { low, high } = ranges[column]!;
      return high > low ? (value - low) / (high - low) : 0;
    }),
  );
}

/** Likewise to -1..1; a constant column becomes 0. */
export function centredColumns(rows: readonly (readonly number[])[]): number[][] {
  const isConstant = (rows[0] ?? []).map((first, column) => rows.every((row) => row[column] === first));
  return normalizeColumns(rows).map((row) =>
    row.map((value, column) => (isConstant[column] ? 0 : 2 * value - 1)),
  );
}

/** `value`, moved into [low, high]. */
export function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
