import type { OnnxModel, OnnxNode } from './file/onnx-model.js';

/** Name of the combined operator for a QuantizeLinear and the matching DequantizeLinear. */
export const ROUNDING = 'QuantizeLinear + DequantizeLinear';

/**
 * Replaces every pair of a QuantizeLinear and a DequantizeLinear with the same scale and zero point by one
 * node that rounds. Others would compute with integers, which is not supported.
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
