import { z } from 'zod';

/** What all limits of this package have in common as plugins. */
export const LIMIT = { name: '@tersor/compression', kind: 'limit', core: '>=0.1.0 <1.0.0' } as const;

/** Options of a limit that a config writes as one number: `macs: 0.5`. */
export const shareOptions = z.strictObject({
  value: z.number().positive().describe('Up to 1 a share of the original, above 1 an absolute count.'),
});

/** Up to 1 a budget is a share of the whole. */
export function absolute(budget: number, whole: number): number {
  return budget <= 1 ? budget * whole : budget;
}

/** For messages: a count in whole numbers. Less than one keeps its digits, or it would read as 0. */
export function countText(count: number, round: (value: number) => number): string {
  return String(count < 1 ? Number(count.toPrecision(3)) : round(count));
}
