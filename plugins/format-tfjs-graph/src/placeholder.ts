import { Refusal } from '@tersor/network';
import type { Builder } from './builder.js';
import type { GraphSource } from './graph-source.js';
import { shapeOf, sourceOf, type GraphNode } from './node.js';
import type { Tensor } from './value.js';

/** The input layer of a node. Throws `Refusal` if its sizes are not known. */
export function placeholder(
  node: GraphNode,
  source: Pick<GraphSource, 'nodes' | 'stated' | 'inputShape'>,
  builder: Builder,
): Tensor {
  const stated =
    shapeOf(node, 'shape') ??
    source.stated.get(node.name) ??
    (source.inputShape && [undefined, ...source.inputShape]);
  if (!stated || stated.length < 2)
    throw new Refusal('is an input of open rank: give "inputShape", the sizes of one image');
  const signed = source.stated.get(node.name);
  const shape = stated
    .slice(1)
    .map(
      (length, i) =>
        length ?? source.inputShape?.[i] ?? (signed?.length === stated.length ? signed[i + 1] : undefined),
    );
  // Images with channels first are stored with channels last if the file itself transposes them.
  const lies = isTurned(node, source.nodes) && shape.length === 3 ? [1, 2, 0] : undefined;
  const own = lies ? lies.map((axis) => shape[axis]) : shape;
  const config = {
    batch_input_shape: [null, ...own.map((length) => length ?? null)],
    dtype: 'float32',
    sparse: false,
  };
  const tensor = builder.add(node.name, { className: 'InputLayer', config, inputs: [], shape });
  return lies ? { ...tensor, lies } : tensor;
}

/** Whether all readers of an input, directly or after paddings, transpose it to channels last. */
function isTurned({ name }: GraphNode, nodes: readonly GraphNode[]): boolean {
  const readers = nodes.filter(({ inputs }) => inputs.some((input) => sourceOf(input).name === name));
  return (
    readers.length > 0 &&
    readers.every((reader) => {
      if (['Pad', 'PadV2'].includes(reader.op)) return isTurned(reader, nodes);
      return reader.op === 'Transpose';
    })
  );
}
