import type { KerasWeight } from '@tersor/network';
import type { Json } from './keras-layer.js';

/** A layer that replaces a Keras layer, or one of several that do. */
export interface Part {
  readonly className: string;
  readonly config: Json;
  /** Suffix of its name. The part without one has the name and the weights of the Keras layer. */
  readonly ending?: string | undefined;
  /**
   * Its inputs: earlier parts, by index, and inputs of the layer. By default the part before it or, for the
   * first part, all inputs of the layer.
   */
  readonly inputs?: readonly (number | { readonly input: number })[];
}

/** Replacement of a layer: parts, the last of which computes the output, and possibly other weights. */
export interface Lowered {
  readonly parts: readonly Part[];
  readonly weights?: readonly KerasWeight[];
}

/** Information on a layer's surroundings. */
export interface Context {
  /** The version of Keras that wrote the topology. */
  readonly generation: 2 | 3;
  /** The layer's weights in the file. */
  weights(): readonly KerasWeight[];
  /** Shape of its input with the batch, if it is in the file. */
  inputShape(): readonly unknown[] | undefined;
  /** Number of its output channels, if its reader has a kernel. */
  outputChannels(): number | undefined;
}
