import type { Builder, Layer } from './builder.js';
import type { GraphNode } from './node.js';
import type { Tensor, Value } from './value.js';

/** A node with what it is given. */
export interface Site {
  readonly node: GraphNode;
  readonly inputs: readonly Value[];
  readonly builder: Builder;
  /** Adds a layer of the node, the last of which has its name. */
  add(layer: Layer): Tensor;
}

/** What a node gives, one value for each of its outputs. Throws `Refusal`. */
export type Operator = (site: Site) => Value | readonly Value[];
