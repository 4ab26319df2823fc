import type { GraphNode } from './node.js';
import type { Constant } from './value.js';

type Sizes = readonly (number | undefined)[];

/** A GraphModel that is to become layers. */
export interface GraphSource {
  readonly origin: string;
  readonly nodes: readonly GraphNode[];
  readonly weights: ReadonlyMap<string, Constant>;
  /** Names of the nodes that are outputs. */
  readonly outputs: readonly string[];
  /** Whether they were asked for: then all that they need has to be read. */
  readonly isAsked: boolean;
  /** Names of nodes that are inputs beside those of the file, because what comes before them is not read. */
  readonly inputs: readonly string[];
  /** Shapes of inputs with the batch, as the signature of the file states them. */
  readonly stated: ReadonlyMap<string, Sizes>;
  /** Sizes of one input image, where the file leaves them open. */
  readonly inputShape?: readonly number[] | undefined;
}
