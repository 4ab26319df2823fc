/** What is known before the network runs: weights, and sizes that were worked out. */
export interface Constant {
  readonly kind: 'constant';
  readonly shape: readonly number[];
  /** Row-major. NaN stands for the size of the batch, which is open. */
  readonly data: ArrayLike<number>;
}

/** What a layer gives. */
export interface Tensor {
  readonly kind: 'tensor';
  readonly layer: string;
  /** Of one sample; `undefined` for sizes that are open. */
  readonly shape: readonly (number | undefined)[];
}

/** What goes along an edge of the graph. */
export type Value = Constant | Tensor;

/** Why a node has no layers that compute the same; in words that go on after its name. */
export class Refusal extends Error {}

/** A vector of whole numbers, or one number, that is known. */
export function numbersOf(value: Value | undefined, what: string): number[] {
  if (value?.kind !== 'constant') throw new Refusal(`has ${what} that is not known before it runs`);
  return Array.from(value.data);
}

/** A tensor of a rank, the batch not counted. */
export function tensorOf(value: Value | undefined, rank?: number): Tensor {
  if (value?.kind !== 'tensor') throw new Refusal('is applied to constants that are not worked out');
  if (rank !== undefined && value.shape.length !== rank)
    throw new Refusal(`reads ${value.shape.length + 1} axes, not ${rank + 1}`);
  return value;
}

/** A constant array. */
export function constantOf(value: Value | undefined, what: string): Constant {
  if (value?.kind !== 'constant') throw new Refusal(`has ${what} that is no constant`);
  return value;
}

/** A constant of one axis. */
export function vector(data: ArrayLike<number>): Constant {
  return { kind: 'constant', shape: [data.length], data };
}

/** Values of a shape. */
export function size(shape: readonly number[]): number {
  return shape.reduce((product, each) => product * each, 1);
}
