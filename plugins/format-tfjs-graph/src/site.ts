import { Refusal } from '@tersor/network';
import type { Layer } from './builder.js';
import type { GraphNode } from './node.js';
import type { Tensor, Value } from './value.js';

/** A node with the values of its inputs. */
export interface Site {
  readonly node: GraphNode;
  readonly inputs: readonly Value[];
  /** Adds a layer for the node. The last one that is added gets the node's name. */
  add(layer: Layer): Tensor;
}

/** Reads a node: returns one value for each of its outputs. Throws `Refusal`. */
export type Operator = (site: Site) => Value | readonly Value[];

/** An input that the network computes, in any axis order. */
export function anyTensor({ inputs }: Site, index: number): Tensor {
  const value = inputs[index];
  if (value?.kind !== 'tensor') throw new Refusal('is applied to constants that are not worked out');
  if (value.isBare) throw new Refusal('reads images of which the batch was taken away');
  return value;
}

/** An input that the network computes, in the file's axis order; `rank` does not count the batch. */
export function tensorAt(site: Site, index: number, rank?: number): Tensor {
  const value = anyTensor(site, index);
  if (rank !== undefined && value.shape.length !== rank)
    throw new Refusal(`reads ${value.shape.length + 1} axes, not ${rank + 1}`);
  return asInFile(site, value);
}

/** A tensor in the file's axis order: pending transposes become one layer. */
export function asInFile(site: Pick<Site, 'add'>, x: Tensor): Tensor {
  const { lies, ...rest } = x;
  if (!lies) return x;
  if (lies.every((axis, i) => axis === i)) return rest;
  const dims = lies.map((_, axis) => lies.indexOf(axis) + 1);
  return site.add({ className: 'Permute', config: { dims }, inputs: [x], shape: x.shape, ending: 'permute' });
}

/** The axis of the network for an axis of the file, the batch not counted. */
export function placeOf({ lies }: Tensor, axis: number): number {
  return lies ? lies.indexOf(axis) : axis;
}

/** Adds a layer of one input that keeps its shape and axis order. */
export function apply(site: Site, x: Tensor, layer: Omit<Layer, 'inputs' | 'shape'>): Tensor {
  return { ...x, layer: site.add({ ...layer, inputs: [x], shape: x.shape }).layer };
}
