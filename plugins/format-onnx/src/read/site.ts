import { Refusal } from '@tersor/network';
import type { Builder } from './builder.js';
import type { Constant, OnnxNode } from './file/onnx-model.js';
import { sizesOf, type Tensor } from './layout/tensor.js';

/** What a name of the file stands for. */
export type Value = Constant | Tensor;

/** A node that is being read. */
export interface Site {
  readonly node: OnnxNode;
  readonly opset: number;
  /** Length of the first axis of every tensor of the network: 1 where the file leaves it open. */
  readonly batch: number;
  /** Its inputs; `undefined` for optional ones that are left out. */
  readonly inputs: readonly (Value | undefined)[];
  readonly build: Builder;
}

/** Makes layers of a node; gives what its outputs are. Throws a `Refusal` for what is not read. */
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

/** The first input as a tensor that may be without its batch, and its lengths as the file has them. */
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

/** Input `index` as a constant, where it is given. */
export function optionalConstant({ inputs, node }: Site, index: number): Constant | undefined {
  const value = inputs[index];
  if (value?.kind !== 'tensor') return value;
  throw new Refusal(`reads "${node.inputs[index]}", which the network computes, where a constant is read`);
}

/** The one number that a constant holds. */
export function scalarOf(constant: Constant): number {
  if (constant.data.length === 1) return constant.data[0]!;
  throw new Refusal(`reads ${constant.data.length} values where one is read`);
}

/** Lengths of a tensor's axes in the file, with the batch. */
export function dimsOf({ batch }: Pick<Site, 'batch'>, sizes: readonly number[]): number[] {
  return [batch, ...sizes];
}

/** An axis counted from the end where it is negative, of `rank` axes. */
export function axisAt(axis: number, rank: number): number {
  const own = axis < 0 ? axis + rank : axis;
  if (Number.isInteger(own) && own >= 0 && own < rank) return own;
  throw new Refusal(`has the axis ${axis} of a tensor of ${rank} axes`);
}

/** Axes that are none of the batch, counted without it. */
export function innerAxes(axes: readonly number[], rank: number): number[] {
  return axes.map((axis) => {
    const own = axisAt(axis, rank);
    if (own === 0) throw new Refusal('works along the batch');
    return own - 1;
  });
}
