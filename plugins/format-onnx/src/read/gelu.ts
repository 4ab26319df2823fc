import { optionalTensor } from './attributes.js';
import type { Constant, OnnxModel, OnnxNode } from './file/onnx-model.js';

/** Constants by the names that the file has for them. */
type Constants = ReadonlyMap<string, Constant>;
type Makers = ReadonlyMap<string, OnnxNode>;

/**
 * The file with Gelu as one node where it spells it out, `x / 2 * (1 + erf(x / sqrt(2)))`, as exporters do
 * before opset 20. No other use of Erf is read.
 */
export function withGelu(model: OnnxModel): OnnxModel {
  const constants = constantsOf(model);
  const maker = new Map(model.nodes.flatMap((node) => node.outputs.map((output) => [output, node])));
  const found = new Map<OnnxNode, string>();
  for (const node of model.nodes) {
    if (node.type !== 'Mul') continue;
    const source = geluSource(node, maker, constants);
    if (source !== undefined) found.set(node, source);
  }
  const nodes = model.nodes.map((node) => {
    const source = found.get(node);
    return source === undefined ? node : { ...node, type: 'Gelu', inputs: [source], attributes: new Map() };
  });
  return { ...model, nodes };
}

/** What the Gelu that ends in a product is of: its three factors are x, 1/2 and 1 + erf, in any order. */
function geluSource(node: OnnxNode, maker: Makers, constants: Constants): string | undefined {
  const factors = leaves(node, maker);
  for (const factor of factors) {
    const x = erfSource(factor, maker, constants);
    if (x === undefined || factors.length !== 3) continue;
    const rest = factors.filter((other) => other !== factor);
    if (rest.includes(x) && rest.some((other) => isNear(constants.get(other), 0.5))) return x;
  }
  return undefined;
}

/** The factors of a product, those of its inner product among them. */
function leaves(node: OnnxNode, maker: Makers): string[] {
  const inner = node.inputs.findIndex((input) => maker.get(input)?.type === 'Mul');
  if (inner < 0) return [...node.inputs];
  return [...maker.get(node.inputs[inner]!)!.inputs, node.inputs[1 - inner]!];
}

/** The x of `1 + erf(x / sqrt(2))`. */
function erfSource(name: string, maker: Makers, constants: Constants): string | undefined {
  const add = maker.get(name);
  if (add?.type !== 'Add') return undefined;
  const erf = add.inputs.map((input) => maker.get(input)).find((node) => node?.type === 'Erf');
  if (!erf || !add.inputs.some((input) => isNear(constants.get(input), 1))) return undefined;
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

/** Initializers, and what `Constant` nodes hold. */
function constantsOf({ nodes, initializers }: OnnxModel): Constants {
  const found = new Map(initializers);
  for (const node of nodes) {
    if (node.type !== 'Constant') continue;
    const value = optionalTensor(node, 'value');
    if (value) found.set(node.outputs[0]!, value);
  }
  return found;
}
