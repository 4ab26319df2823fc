import type { Space } from '../contracts/environment.js';

/** Rounding that an action or observation may stand outside of its bounds by. */
const TOLERANCE = 1e-6;

interface TypedArrays {
  readonly Float32Array: Float32Array;
  readonly Float64Array: Float64Array;
  readonly Int32Array: Int32Array;
  readonly Uint8Array: Uint8Array;
  readonly DataView: DataView;
}

/**
 * Whether a value is such an array; `instanceof` would deny those of another realm (a worker's, or those
 * under a test runner).
 */
export function isArrayOf<N extends keyof TypedArrays>(name: N, value: unknown): value is TypedArrays[N] {
  return Object.prototype.toString.call(value) === `[object ${name}]`;
}

/** A list of numbers, where a value is one: typed arrays become plain arrays, which JSON can hold. */
export function listOfNumbers(value: unknown): readonly number[] | undefined {
  const list: unknown =
    ArrayBuffer.isView(value) && !isArrayOf('DataView', value) ? Array.from(value as Float32Array) : value;
  return Array.isArray(list) && list.every((each) => typeof each === 'number')
    ? (list as number[])
    : undefined;
}

/** Whether numbers are a point of a space. */
export function isWithin(space: Space, point: readonly number[]): boolean {
  if (space.type === 'discrete')
    return point.length === 1 && Number.isInteger(point[0]) && point[0]! >= 0 && point[0]! < space.size;
  const fits = (value: number, i: number) => {
    const [low, high] = [space.low[i]!, space.high[i]!];
    const slack = TOLERANCE * Math.max(1, Math.min(high - low, 1e6));
    return Number.isFinite(value) && value >= low - slack && value <= high + slack;
  };
  return point.length === space.low.length && point.every(fits);
}

/** What a point of a space looks like, for messages. */
export function describeSpace(space: Space): string {
  if (space.type === 'discrete') return `[index], a whole number from 0 to ${space.size - 1}`;
  const { low, high } = space;
  const same = low.every((value, i) => value === low[0] && high[i] === high[0]);
  const bounds = same
    ? ` from ${low[0]} to ${high[0]}`
    : low.length > 4
      ? ' within the bounds of the space'
      : `: ${low.map((value, i) => `${value} to ${high[i]}`).join(', ')}`;
  return `a list of ${low.length} number${low.length === 1 ? '' : 's'}${bounds}`;
}

/** What is wrong with a space itself; undefined for a good one. */
export function isSpace(value: unknown): value is Space {
  if (typeof value !== 'object' || value === null) return false;
  const { type, size, low, high } = value as Record<string, unknown>;
  if (type === 'discrete') return Number.isInteger(size) && Number(size) > 0;
  const [least, most] = [listOfNumbers(low), listOfNumbers(high)];
  return (
    type === 'box' &&
    least !== undefined &&
    most?.length === least.length &&
    least.every((each, i) => each <= most[i]!)
  );
}

/** Whether a value is a list of whole numbers, ascending, each from 0 and below `limit`. */
export function isAscending(value: unknown, limit: number): value is readonly number[] {
  if (!Array.isArray(value)) return false;
  return value.every(
    (each, i) =>
      Number.isInteger(each) && each >= 0 && each < limit && (i === 0 || each > (value[i - 1] as number)),
  );
}
