import { constant, Refusal, type ConstantArray } from '@tersor/network';

/** What is known before the network runs; NaN stands for the size of the batch, which is open. */
export type Constant = ConstantArray;

/** What a layer gives. */
export interface Tensor {
  readonly kind: 'tensor';
  readonly layer: string;
  /**
   * Of one sample, as the file has it; `undefined` for sizes that are open. One number for a sample, [], is
   * an axis of length 1 in the network.
   */
  readonly shape: readonly (number | undefined)[];
  /**
   * The file's axes in the order in which they lie in the network, where that is another one: a Transpose
   * computes nothing until its order matters.
   */
  readonly lies?: readonly number[];
  /** Whether the file has taken the batch away, which it can where that is one image. */
  readonly isBare?: boolean;
}

/** What goes along an edge of the graph. */
export type Value = Constant | Tensor;

/** A vector of whole numbers, or one number, that is known. */
export function numbersOf(value: Value | undefined, what: string): number[] {
  if (value?.kind !== 'constant') throw new Refusal(`has ${what} that is not known before it runs`);
  return Array.from(value.data);
}

/** A constant array. */
export function constantOf(value: Value | undefined, what: string): Constant {
  if (value?.kind !== 'constant') throw new Refusal(`has ${what} that is no constant`);
  return value;
}

/** A constant of one axis. */
export function vector(data: readonly number[]): Constant {
  return constant('integer', [data.length], data);
}

/** Values of a shape; NaN where a size is open. */
export function sizeOf(shape: Tensor['shape']): number {
  return shape.reduce<number>((product, each) => product * (each ?? NaN), 1);
}
