import { PART_REDUCTIONS } from './part-reductions.js';
import { PART_SHAPES } from './part-shapes.js';
import type { PartOperator } from './part-site.js';
import { PART_VALUES } from './part-values.js';

/** Operators that can be steps of a frozen part. Loops, and sizes that depend on values, cannot. */
export const PART_OPERATORS: ReadonlyMap<string, PartOperator> = new Map(
  Object.entries({ ...PART_VALUES, ...PART_REDUCTIONS, ...PART_SHAPES }),
);
