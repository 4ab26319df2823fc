import type { OnnxModel, OnnxNode } from './file/onnx-model.js';

/** What a QuantizeLinear and the DequantizeLinear that undoes it are read as: one operator. */
export const ROUNDING = 'QuantizeLinear + DequantizeLinear';

/**
 * The model with every pair of a QuantizeLinear and a DequantizeLinear of the same scale and zero point as
 * one node, which rounds. What is left of either, on results of the network, works with integers, and is not
 * read.
 */
export function withRounding(model: OnnxModel): OnnxModel {
  const makers = new Map<string, OnnxNode>();
  for (const node of model.nodes)
    if (node.type === 'QuantizeLinear' && node.domain === '') makers.set(node.outputs[0] ?? '', node);
  const nodes = model.nodes.map((node) => {
    const maker = node.type === 'DequantizeLinear' ? makers.get(node.inputs[0] ?? '') : undefined;
    if (!maker || !isSame(model, maker, node)) return node;
    return { ...node, type: ROUNDING, inputs: maker.inputs, attributes: maker.attributes };
  });
  return { ...model, nodes };
}

/** Whether two nodes read the same scales and zero points, by name or by value. */
function isSame({ initializers }: OnnxModel, one: OnnxNode, other: OnnxNode): boolean {
  return [1, 2].every((place) => {
    const [left = '', right = ''] = [one.inputs[place], other.inputs[place]];
    const [a, b] = [initializers.get(left), initializers.get(right)];
    return left === right || (a && b && a.stored === b.stored && a.data.join() === b.data.join());
  });
}
