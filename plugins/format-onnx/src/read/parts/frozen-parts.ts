import {
  isPartTensor,
  partLayer,
  piece,
  Refusal,
  reshapedPart,
  type ConstantArray,
  type PartSource,
  type PartTensor,
  type Piece,
} from '@tersor/network';
import { spread, weight, type Builder } from '../builder.js';
import type { OnnxModel, OnnxNode } from '../file/onnx-model.js';
import { axisOf, lengthOf, orderOf, sizesOf, usualOrder, type Tensor } from '../layout/tensor.js';
import type { Value } from '../site.js';
import { PART_OPERATORS } from './part-operators.js';

/**
 * The frozen parts of a file: groups of nodes that become no layers, collected node by node. A part is
 * computed as it is for one image, with the axes of the file, and becomes a layer when a layer reads it.
 */
export class FrozenParts {
  private readonly pieces = new Map<string, Piece | PartTensor>();
  private readonly layers = new Map<Piece, Tensor>();
  private readonly sources = new Map<Tensor, PartSource>();
  private readonly inputs = new Map<string, Tensor>();

  constructor(private readonly build: Builder) {}

  /** Whether a name of the file is computed by a part. */
  has(name: string): boolean {
    return this.pieces.has(name);
  }

  /**
   * Reads a node as steps of a part. Outputs that are constants are returned by name. Throws `Refusal` if it
   * cannot be in a part.
   */
  read(
    node: OnnxNode,
    opset: number,
    valueOf: (name: string) => Value | undefined,
  ): ReadonlyMap<string, ConstantArray> {
    const operator = PART_OPERATORS.get(node.type);
    if (!operator) throw new Refusal('cannot be in a frozen part');
    const given = node.inputs.map((name) => (name === '' ? undefined : this.sourceOf(name, valueOf(name))));
    const results = operator({ node, opset, inputs: given });
    const constants = new Map<string, ConstantArray>();
    node.outputs.forEach((name, i) => {
      const result = results[i];
      if (result?.kind === 'constant') constants.set(name, result);
      else if (result) this.pieces.set(name, result);
      else if (name !== '') throw new Refusal(`gives "${name}" too, which is not read`);
    });
    return constants;
  }

  /** A part as a tensor of the network. Throws `Refusal` if it does not give one result for one image. */
  tensorAt(name: string): Tensor | undefined {
    const own = this.pieces.get(name);
    if (!own) return undefined;
    if (own.kind === 'tensor') return this.inputs.get(own.layer)!;
    const made = this.layers.get(own);
    if (made) return made;
    if (!isPartTensor(own) && own.shape.join() !== '1')
      throw new Refusal(
        `reads [${own.shape.join(', ')}] for an image, of which the first axis is not the batch`,
      );
    const sizes = own.shape.slice(1);
    const axes = sizes.map(axisOf);
    const order = usualOrder(sizes.length);
    const lies = sizes.length > 0 ? order.map((axis) => axes[axis]!) : [[]];
    const turned = sizes.length === 3 ? piece('transpose', [own], { order: [0, 2, 3, 1] }) : own;
    const { className, config, inputs, weights } = partLayer(
      sizes.length > 0 ? turned : (reshapedPart(own, [1, 1]) as Piece),
    );
    this.build.begin(name);
    const call = this.build.call(
      {
        className,
        config: { ...config },
        weights: weights.map(({ shape, data }, i) => weight(`constant_${i}`, shape, data, false)),
      },
      inputs.map(({ layer }) => this.inputs.get(layer)!),
      lies.map(lengthOf),
    );
    const tensor: Tensor = { kind: 'tensor', call, axes, lies };
    this.layers.set(own, tensor);
    return tensor;
  }

  private sourceOf(name: string, value: Value | undefined): PartSource {
    const own = this.pieces.get(name);
    // A piece that already is a layer is not computed twice.
    if (own?.kind === 'tensor') return own;
    const known = own ? (this.layers.get(own) ?? own) : value;
    if (!known) throw new Refusal(`reads "${name}", which is not read`);
    if (known.kind !== 'tensor') return known;
    const source = this.sources.get(known) ?? this.inFileOrder(known);
    this.sources.set(known, source);
    return source;
  }

  /** A tensor of the network with the axes of the file. */
  private inFileOrder(tensor: Tensor): PartSource {
    const { isBare, ...whole } = tensor;
    const order = orderOf(whole);
    const straight = order.length > 0 ? spread(this.build, whole, order) : whole;
    const layer = String(straight.call);
    this.inputs.set(layer, straight);
    const given = { kind: 'tensor', layer, shape: straight.lies.map(lengthOf) } as const;
    const back = [0, ...order.map((_, axis) => 1 + order.indexOf(axis))];
    const isStraight = back.every((axis, i) => axis === i);
    const sizes = isBare ? sizesOf(tensor) : [1, ...sizesOf(tensor)];
    return reshapedPart(isStraight ? given : piece('transpose', [given], { order: back }), sizes);
  }
}

/**
 * Kernels and the nodes before them: only among these are frozen parts. A kernel is a convolution or a
 * product with a constant.
 */
export function nodesBeforeKernels(model: OnnxModel, nodes: readonly OnnxNode[]): ReadonlySet<OnnxNode> {
  const isFixed = fixedNames(model, nodes);
  const names = new Set<string>();
  const found = new Set<OnnxNode>();
  for (const node of [...nodes].reverse()) {
    if (!isKernelNode(node, (name) => isFixed.has(name)) && !node.outputs.some((name) => names.has(name)))
      continue;
    found.add(node);
    node.inputs.forEach((name) => names.add(name));
  }
  return found;
}

/** Whether a node multiplies what it reads with constants. */
export function isKernelNode({ type, inputs }: OnnxNode, isConstant: (name: string) => boolean): boolean {
  return (
    ['Conv', 'ConvTranspose', 'Gemm', 'MatMul'].includes(type) &&
    inputs.slice(1).every((name) => name === '' || isConstant(name))
  );
}

function fixedNames({ initializers }: OnnxModel, nodes: readonly OnnxNode[]): ReadonlySet<string> {
  const fixed = new Set(initializers.keys());
  for (const { inputs, outputs } of nodes)
    if (inputs.every((name) => name === '' || fixed.has(name))) outputs.forEach((name) => fixed.add(name));
  return fixed;
}
