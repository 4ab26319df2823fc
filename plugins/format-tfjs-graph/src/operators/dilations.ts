import { Refusal, type Pair } from '@tersor/network';
import { integers, sourceOf, text, type GraphNode } from '../node.js';
import { numbersOf, type Value } from '../value.js';

const CONVOLUTIONS = ['Conv2D', '_FusedConv2D', 'DepthwiseConv2dNative', 'FusedDepthwiseConv2dNative'];

/** Marks a convolution whose last four inputs are its dilation: block and paddings, block and crops. */
const SPREAD = 'tersor_spread';

/** Dilation, and the rows and columns of zeros around the image. */
export interface Spread {
  readonly dilation: Pair;
  readonly sides: readonly [Pair, Pair];
}

/**
 * Merges the nodes that TensorFlow writes for a dilated convolution into one: `SpaceToBatchND` makes an image
 * of every n-th pixel, these are convolved, and `BatchToSpaceND` puts the pixels back.
 */
export function withDilations(nodes: readonly GraphNode[]): GraphNode[] {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const before = (node: GraphNode) => byName.get(sourceOf(node.inputs[0] ?? '').name);
  return nodes.map((node) => {
    if (node.op !== 'BatchToSpaceND') return node;
    const convolution = before(node);
    const apart = convolution && before(convolution);
    if (!convolution || !isPlain(convolution) || apart?.op !== 'SpaceToBatchND') return node;
    if (apart.inputs.length !== 3 || node.inputs.length !== 3) return node;
    const [x = '', ...spread] = apart.inputs;
    return {
      name: node.name,
      op: convolution.op,
      inputs: [x, ...convolution.inputs.slice(1), ...spread, ...node.inputs.slice(1)],
      attributes: { ...convolution.attributes, [SPREAD]: { b: true } },
    };
  });
}

/** Whether a node is a convolution of stride 1 without padding. */
function isPlain(node: GraphNode): boolean {
  return (
    CONVOLUTIONS.includes(node.op) &&
    text(node, 'padding') === 'VALID' &&
    [...integers(node, 'strides'), ...integers(node, 'dilations')].every((each) => each === 1)
  );
}

/** The dilation of a merged convolution; `undefined` for others. Throws `Refusal`. */
export function spreadOf(node: GraphNode, inputs: readonly Value[]): Spread | undefined {
  if (!(SPREAD in node.attributes)) return undefined;
  const [block = [], paddings = [], ownBlock = [], crops = []] = inputs
    .slice(-4)
    .map((input) => numbersOf(input, 'a block, paddings or crops'));
  const sides = [0, 1].map(
    (axis): Pair => [paddings[2 * axis]! - crops[2 * axis]!, paddings[2 * axis + 1]! - crops[2 * axis + 1]!],
  );
  const isWhole = [...block, ...sides.flat()].every((each) => Number.isInteger(each) && each >= 0);
  if (
    !isWhole ||
    block.includes(0) ||
    block.length !== 2 ||
    block.join() !== ownBlock.join() ||
    crops[0] !== 0 ||
    crops[2] !== 0
  )
    throw new Refusal('is spread over other blocks than it is put together from, or of an open size');
  return { dilation: block as unknown as Pair, sides: sides as unknown as [Pair, Pair] };
}
