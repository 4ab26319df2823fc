import { constant, type ConstantArray } from '../constant-arrays.js';
import { Refusal } from '../lowered-layer.js';
import { partShape, piece, type PartSource } from './piece.js';

/** A source in another shape; -1 stands for the rest. Adds no step if it has that shape. */
export function reshapedPart(x: PartSource, target: readonly number[]): PartSource {
  const values = partShape(x).reduce((product, length) => product * length, 1);
  const known = target.filter((length) => length !== -1).reduce((product, length) => product * length, 1);
  const shape = target.map((length) => (length === -1 ? values / known : length));
  return shape.join() === partShape(x).join() ? x : piece('reshape', [x], { shape });
}

/** `length` positions of an axis, from `start` on. */
export function cutPart(x: PartSource, axis: number, start: number, length: number): PartSource {
  const shape = partShape(x);
  if (start === 0 && length === shape[axis]) return x;
  const begin = shape.map((_, i) => (i === axis ? start : 0));
  return piece('slice', [x], { begin, size: shape.map((each, i) => (i === axis ? length : each)) });
}

/** Positions of an axis in the given order. */
export function pickedPart(x: PartSource, axis: number, indexes: readonly number[]): PartSource {
  const [first = 0] = indexes;
  if (indexes.every((each, i) => each === first + i)) return cutPart(x, axis, first, indexes.length);
  return piece('gather', [x, constant('integer', [indexes.length], indexes)], { axis });
}

/** A shape with an axis of length 1 more. */
export function withUnitAxis(shape: readonly number[], axis: number): number[] {
  return [...shape.slice(0, axis), 1, ...shape.slice(axis)];
}

/** `relu(x) - slope * relu(-x)`. */
export function leakyPart(x: PartSource, slope: PartSource): PartSource {
  return piece('sub', [piece('relu', [x]), piece('mul', [piece('relu', [piece('neg', [x])]), slope])]);
}

/** A source that is known before the network runs. Throws `Refusal`. */
export function constantPart(source: PartSource | undefined, what: string): ConstantArray {
  if (source?.kind === 'constant') return source;
  throw new Refusal(
    source?.kind === 'piece'
      ? `has ${what} that is not known before it runs`
      : `has ${what} that is no constant`,
  );
}
