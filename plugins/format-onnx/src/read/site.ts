import { Refusal } from '@tersor/network';
import type { Builder } from './builder.js';
import type { Constant, OnnxNode } from './file/onnx-model.js';
import { sizesOf, type Tensor } from './layout/tensor.js';

/** The value of a name in the file. */
export type Value = Constant | Tensor;

/** A node that is being read. */
export interface Site {
  readonly node: OnnxNode;
  readonly opset: number;
  /** Batch size, the length of the first axis of every tensor; 1 if the file leaves it open. */
  readonly batch: number;
  /** Its inputs; `undefined` for omitted optional ones. */
  readonly inputs: readonly (Value | undefined)[];
  readonly build: Builder;
}

/** Creates layers for a node, and returns its outputs. Throws a `Refusal` if it is not supported. */
export type Lowering = (site: Site) => readonly Value[];

/** Input `index` as a tensor of the network. */
export function tensorAt(site: Site, index: number): Tensor {
  const { inputs, node } = site;
  const value = inputs[index];
  if (value?.kind === 'tensor' && value.isBare)
    throw new Refusal(`reads "${node.inputs[index]}", of which the batch has been left out`);
  if (value?.kind === 'tensor') return value;
  throw new Refusal(
    value
      ? `reads the constant "${node.inputs[index]}" where a result of the network is read`
      : `has no input ${index + 1}`,
  );
}

/** The first input as a tensor, possibly without its batch axis, and its lengths in the file. */
export function anyTensor(site: Site): { x: Tensor; dims: number[] } {
  const [value] = site.inputs;
  const isBare = value?.kind === 'tensor' && value.isBare === true;
  const x = isBare ? value : tensorAt(site, 0);
  return { x, dims: isBare ? sizesOf(x) : dimsOf(site, sizesOf(x)) };
}

/** Input `index` as a constant. */
export function constantAt(site: Site, index: number): Constant {
  const value = optionalConstant(site, index);
  if (value) return value;
  throw new Refusal(`has no input ${index + 1}`);
}

/** Input `index` as a constant; `undefined` if it is omitted. */
export function optionalConstant({ inputs, node }: Site, index: number): Constant | undefined {
  const value = inputs[index];
  if (value?.kind !== 'tensor') return value;
  throw new Refusal(`reads "${node.inputs[index]}", which the network computes, where a constant is read`);
}

/** The only value of a constant. */
export function scalarOf(constant: Constant): number {
  if (constant.data.length === 1) return constant.data[0]!;
  throw new Refusal(`reads ${constant.data.length} values where one is read`);
}

/** Lengths of a tensor's axes in the file, with the batch. */
export function dimsOf({ batch }: Pick<Site, 'batch'>, sizes: readonly number[]): number[] {
  return [batch, ...sizes];
}

/** Resolves an axis among `rank` axes; negative ones count from the end. */
export function axisAt(axis: number, rank: number): number {
  const own = axis < 0 ? axis + rank : axis;
  if (Number.isInteger(own) && own >= 0 && own < rank) return own;
  throw new Refusal(`has the axis ${axis} of a tensor of ${rank} axes`);
}

/** Converts axes to ones counted without the batch. Refuses the batch itself. */
export function innerAxes(axes: readonly number[], rank: number): number[] {
  return axes.map((axis) => {
    const own = axisAt(axis, rank);
    if (own === 0) throw new Refusal('works along the batch');
    return own - 1;
  });
}
