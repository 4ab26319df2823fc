import type { KerasWeight } from '@tersor/network';
import type { Json } from './keras-layer.js';

/** A layer that takes the place of one of Keras, or a part of it. */
export interface Part {
  readonly className: string;
  readonly config: Json;
  /** What its name ends in; the part without one has the name of Keras's layer, and its weights. */
  readonly ending?: string | undefined;
  /**
   * What it reads: parts before it, by index, and inputs of the layer. Left out, it is the part before it, of
   * the first part all inputs of the layer.
   */
  readonly inputs?: readonly (number | { readonly input: number })[];
}

/** What a layer becomes: parts, the last of which gives the output, and perhaps other weights. */
export interface Lowered {
  readonly parts: readonly Part[];
  readonly weights?: readonly KerasWeight[];
}

/** What is known of a layer's surroundings. */
export interface Context {
  /** The version of Keras that wrote the topology. */
  readonly generation: 2 | 3;
  /** The layer's weights in the file. */
  weights(): readonly KerasWeight[];
  /** Shape of what it reads, with the batch, where the file says it. */
  inputShape(): readonly unknown[] | undefined;
  /** Channels of what it gives, where the layer that reads it has a kernel. */
  outputChannels(): number | undefined;
}
