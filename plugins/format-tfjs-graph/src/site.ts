import { Refusal } from '@tersor/network';
import type { Layer } from './builder.js';
import type { GraphNode } from './node.js';
import type { Tensor, Value } from './value.js';

/** A node with what it is given. */
export interface Site {
  readonly node: GraphNode;
  readonly inputs: readonly Value[];
  /** Adds a layer of the node, the last of which has its name. */
  add(layer: Layer): Tensor;
}

/** What a node gives, one value for each of its outputs. Throws `Refusal`. */
export type Operator = (site: Site) => Value | readonly Value[];

/** An input that the network computes, however it lies. */
export function anyTensor({ inputs }: Site, index: number): Tensor {
  const value = inputs[index];
  if (value?.kind !== 'tensor') throw new Refusal('is applied to constants that are not worked out');
  if (value.isBare) throw new Refusal('reads images of which the batch was taken away');
  return value;
}

/** An input that the network computes, lying as the file has it; of a rank, the batch not counted. */
export function tensorAt(site: Site, index: number, rank?: number): Tensor {
  const value = anyTensor(site, index);
  if (rank !== undefined && value.shape.length !== rank)
    throw new Refusal(`reads ${value.shape.length + 1} axes, not ${rank + 1}`);
  return asInFile(site, value);
}

/** A tensor lying as the file has it: the transposes that were put off are one layer. */
export function asInFile(site: Pick<Site, 'add'>, x: Tensor): Tensor {
  const { lies, ...rest } = x;
  if (!lies) return x;
  if (lies.every((axis, i) => axis === i)) return rest;
  const dims = lies.map((_, axis) => lies.indexOf(axis) + 1);
  return site.add({ className: 'Permute', config: { dims }, inputs: [x], shape: x.shape, ending: 'permute' });
}

/** Where an axis of the file (the batch not counted) lies in the network. */
export function placeOf({ lies }: Tensor, axis: number): number {
  return lies ? lies.indexOf(axis) : axis;
}

/** A layer of one input that leaves its shape as it is, and how it lies. */
export function apply(site: Site, x: Tensor, layer: Omit<Layer, 'inputs' | 'shape'>): Tensor {
  return { ...x, layer: site.add({ ...layer, inputs: [x], shape: x.shape }).layer };
}
