import { constant, Refusal, type ConstantArray } from '@tersor/network';

/** An array known before the network runs; NaN is the size of the batch, which is open. */
export type Constant = ConstantArray;

/** The output of a layer. */
export interface Tensor {
  readonly kind: 'tensor';
  readonly layer: string;
  /**
   * Shape of one sample, as in the file; `undefined` for open sizes. One number for a sample, [], is an axis
   * of length 1 in the network.
   */
  readonly shape: readonly (number | undefined)[];
  /**
   * The file's axes in the order of the network, if that differs: a Transpose computes nothing until its
   * order matters.
   */
  readonly lies?: readonly number[];
  /** Whether the file has removed the batch axis, which is possible for one image. */
  readonly isBare?: boolean;
}

/** The value of an edge of the graph. */
export type Value = Constant | Tensor;

/** A constant vector of integers, or a single one. Throws `Refusal`. */
export function numbersOf(value: Value | undefined, what: string): number[] {
  if (value?.kind !== 'constant') throw new Refusal(`has ${what} that is not known before it runs`);
  return Array.from(value.data);
}

/** A constant array. Throws `Refusal` for other values. */
export function constantOf(value: Value | undefined, what: string): Constant {
  if (value?.kind !== 'constant') throw new Refusal(`has ${what} that is no constant`);
  return value;
}

/** A one-dimensional constant. */
export function vector(data: readonly number[]): Constant {
  return constant('integer', [data.length], data);
}
