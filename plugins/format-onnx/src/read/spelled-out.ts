import { optionalTensor } from './attributes.js';
import type { Constant, OnnxModel, OnnxNode } from './file/onnx-model.js';

/** Constants by their names in the file. */
type Constants = ReadonlyMap<string, Constant>;
type Makers = ReadonlyMap<string, OnnxNode>;

/** Name of the operator for a spelled-out Gelu with `approximate = tanh`. */
export const GELU_BY_TANH = 'Gelu (tanh)';

/**
 * Replaces Gelu and HardSwish with single nodes where a file spells them out, as exporters do for old opsets:
 * `x / 2 * (1 + erf(x / sqrt(2)))`, its approximation by tanh, and `x * min(max(x + 3, 0), 6) / 6`. No other
 * use of Erf is supported.
 */
export function withActivations(model: OnnxModel): OnnxModel {
  const constants = constantsOf(model);
  const maker = new Map(model.nodes.flatMap((node) => node.outputs.map((output) => [output, node])));
  const nodes = model.nodes.map((node) => {
    if (node.domain !== '' || (node.type !== 'Mul' && node.type !== 'Div')) return node;
    const found = geluOf(node, maker, constants) ?? hardSwishOf(node, maker, constants);
    if (!found) return node;
    return { ...node, type: found.type, inputs: [found.source], attributes: new Map() };
  });
  return { ...model, nodes };
}

interface Found {
  readonly type: 'Gelu' | 'HardSwish' | typeof GELU_BY_TANH;
  readonly source: string;
}

/**
 * Matches a Gelu at its last product, whose three factors are x, 1/2 and 1 + erf or 1 + tanh, in any order.
 */
function geluOf(node: OnnxNode, maker: Makers, constants: Constants): Found | undefined {
  if (node.type !== 'Mul') return undefined;
  for (const factors of leaves(node, maker)) {
    for (const factor of factors) {
      const rest = factors.filter((other) => other !== factor);
      const half = rest.findIndex((other) => isNear(constants.get(other), 0.5));
      const x = rest[1 - half];
      if (half < 0 || rest.length !== 2 || x === undefined) continue;
      if (erfSource(factor, maker, constants) === x) return { type: 'Gelu', source: x };
      if (isTanhOf(factor, x, maker, constants)) return { type: GELU_BY_TANH, source: x };
    }
  }
  return undefined;
}

/** The three factors of a nested product, for each way of nesting. */
function leaves(node: OnnxNode, maker: Makers): string[][] {
  return node.inputs.flatMap((input, i) => {
    const inner = maker.get(input);
    return inner?.type === 'Mul' ? [[...inner.inputs, node.inputs[1 - i]!]] : [];
  });
}

/** Whether a name is `1 + tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))`. */
function isTanhOf(name: string, x: string, maker: Makers, constants: Constants): boolean {
  const tanh = maker.get(plus(name, 1, maker, constants) ?? '');
  if (tanh?.type !== 'Tanh') return false;
  const sum = maker.get(times(tanh.inputs[0]!, Math.sqrt(2 / Math.PI), maker, constants) ?? '');
  if (sum?.type !== 'Add' || !sum.inputs.includes(x)) return false;
  const cubed = times(sum.inputs[sum.inputs[0] === x ? 1 : 0]!, 0.044715, maker, constants);
  const cube = maker.get(cubed ?? '');
  if (cube?.type === 'Pow') return cube.inputs[0] === x && isNear(constants.get(cube.inputs[1]!), 3);
  if (cube?.type !== 'Mul' || !cube.inputs.includes(x)) return false;
  const square = maker.get(cube.inputs[cube.inputs[0] === x ? 1 : 0]!);
  return square?.type === 'Mul' && square.inputs.every((input) => input === x);
}

/** Matches a HardSwish at its division by 6 or product with 1/6. */
function hardSwishOf(node: OnnxNode, maker: Makers, constants: Constants): Found | undefined {
  const [left = '', right = ''] = node.inputs;
  const isSixth = node.type === 'Div' && isNear(constants.get(right), 6);
  const product = maker.get(isSixth ? left : (times(node.outputs[0]!, 1 / 6, maker, constants) ?? ''));
  if (product?.type !== 'Mul') return undefined;
  for (const [i, source] of product.inputs.entries()) {
    const clip = maker.get(product.inputs[1 - i]!);
    if (clip?.type !== 'Clip') continue;
    const limit = (name: string, input: number) =>
      constants.get(clip.inputs[input] ?? '')?.data[0] ?? clip.attributes.get(name)?.f;
    if (limit('min', 1) !== 0 || limit('max', 2) !== 6) continue;
    if (plus(clip.inputs[0]!, 3, maker, constants) === source) return { type: 'HardSwish', source };
  }
  return undefined;
}

/** The other summand, if a name is a sum with this number. */
function plus(name: string, value: number, maker: Makers, constants: Constants): string | undefined {
  return partner('Add', name, value, maker, constants);
}

/** The other factor, if a name is a product with this number. */
function times(name: string, value: number, maker: Makers, constants: Constants): string | undefined {
  return partner('Mul', name, value, maker, constants);
}

function partner(type: string, name: string, value: number, maker: Makers, constants: Constants) {
  const node = maker.get(name);
  if (node?.type !== type) return undefined;
  const place = node.inputs.findIndex((input) => isNear(constants.get(input), value));
  return place < 0 ? undefined : node.inputs[1 - place];
}

/** The x of `1 + erf(x / sqrt(2))`. */
function erfSource(name: string, maker: Makers, constants: Constants): string | undefined {
  const erf = maker.get(plus(name, 1, maker, constants) ?? '');
  if (erf?.type !== 'Erf') return undefined;
  const scaled = maker.get(erf.inputs[0]!);
  const [left, right] = scaled?.inputs ?? [];
  if (left === undefined || right === undefined) return undefined;
  if (scaled!.type === 'Div') return isNear(constants.get(right), Math.SQRT2) ? left : undefined;
  if (scaled!.type !== 'Mul') return undefined;
  if (isNear(constants.get(right), Math.SQRT1_2)) return left;
  return isNear(constants.get(left), Math.SQRT1_2) ? right : undefined;
}

function isNear(constant: Constant | undefined, value: number): boolean {
  return constant?.data.length === 1 && Math.abs(constant.data[0]! - value) < 1e-4;
}

/** Initializers, and the values of `Constant` nodes. */
function constantsOf({ nodes, initializers }: OnnxModel): Constants {
  const found = new Map(initializers);
  for (const node of nodes) {
    if (node.type !== 'Constant') continue;
    const value = optionalTensor(node, 'value');
    if (value) found.set(node.outputs[0]!, value);
  }
  return found;
}
