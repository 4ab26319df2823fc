import type * as tfl from '@tensorflow/tfjs-layers';

export type Symbolic = tfl.SymbolicTensor;
type Layer = ReturnType<typeof tfl.layers.dense>;

/** Name of the layer in question. */
export const name = 'refused';

/** Height, width and channels of the images, unless a case says another. */
export const IMAGE = [9, 7, 4];

/**
 * A way to use a layer of tfjs-layers: the model is the image, what `build` makes of it, and nothing else.
 */
export interface LayerCase {
  readonly name: string;
  /** Of one sample. */
  readonly shape: readonly number[];
  readonly build: (input: Symbolic) => Symbolic;
  /**
   * Backends that refuse it, since what they would compute is not what its config says. Cases on which stock
   * tfjs itself fails must be refused by all. Their layer is named "refused".
   */
  readonly refused?: readonly string[];
  /** Backends that refuse to train it: it has no gradient there, or a wrong one. */
  readonly untrained?: readonly string[];
  /** It jumps, so that a difference of the loss says nothing about its gradient. */
  readonly jumps?: boolean;
}

/** A case of one layer. */
export function one(
  name: string,
  layer: () => unknown,
  shape: readonly number[] = IMAGE,
  refused?: readonly string[],
): LayerCase {
  return {
    name,
    shape,
    build: (input) => (layer() as Layer).apply(input) as Symbolic,
    ...(refused && { refused }),
  };
}

/** The names and values of some options, for a title. */
function titled(className: string, options: object): string {
  return `${className} ${JSON.stringify(options)}`;
}

/** A case for each of some options of a layer. */
export function each<Options extends object>(
  className: string,
  make: (options: Options) => unknown,
  list: readonly Options[],
  shape: readonly number[] = IMAGE,
): LayerCase[] {
  return list.map((options) => one(titled(className, options), () => make({ name, ...options }), shape));
}
