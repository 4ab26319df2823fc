import type { GraphNode } from './node.js';
import type { Constant } from './value.js';

type Sizes = readonly (number | undefined)[];

/** A GraphModel to be lowered to layers. */
export interface GraphSource {
  readonly origin: string;
  readonly nodes: readonly GraphNode[];
  readonly weights: ReadonlyMap<string, Constant>;
  /** Names of the output nodes. */
  readonly outputs: readonly string[];
  /** Whether the user named the outputs: then everything they depend on must be read. */
  readonly isAsked: boolean;
  /** Nodes to use as inputs, besides those of the file; nodes before them are not read. */
  readonly inputs: readonly string[];
  /** Shapes of inputs, including the batch, from the signature of the file. */
  readonly stated: ReadonlyMap<string, Sizes>;
  /** Sizes of one input image, if the file leaves them open. */
  readonly inputShape?: readonly number[] | undefined;
}
