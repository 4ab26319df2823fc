import {
  isPartTensor as isTensor,
  partLayer,
  partShape as shapeOf,
  piece,
  Refusal,
  type PartSource as Source,
  type Piece,
} from '@tersor/network';
import { workedOut } from '../constants.js';
import { sourceOf, type GraphNode } from '../node.js';
import { KERNEL_OPERATORS } from '../operators/table.js';
import { asInFile, type Site } from '../site.js';
import { vector, type Constant, type Tensor, type Value } from '../value.js';
import { PART_OPERATORS } from './part-operators.js';

type Add = (node: string, layer: Parameters<Site['add']>[0]) => Tensor;

/**
 * The frozen parts of a graph: groups of unknown nodes, collected node by node. A part is computed as it is
 * for one image, and becomes a layer when a known node reads it.
 */
export class FrozenParts {
  private readonly pieces = new Map<string, readonly Source[]>();
  private readonly layers = new Map<Piece, Tensor>();
  /** Results of nodes that are constant for one image, when the size of the batch is 1. */
  private readonly fixed = new Map<string, readonly Constant[]>();

  /** @param add adds a layer for a node. */
  constructor(private readonly add: Add) {}

  /** Adds an unknown node to a part. Throws `Refusal` if it cannot be in one. */
  read(node: GraphNode, valueOf: (input: string) => Value | undefined): void {
    const inputs = node.inputs.map((input) => {
      const source = this.sourceAt(input, valueOf(input));
      if (source) return source;
      throw new Refusal(`reads "${input}", which is not read`);
    });
    try {
      this.pieces.set(node.name, [PART_OPERATORS[node.op]!({ node, inputs })].flat() as Source[]);
    } catch (error) {
      if (error instanceof TypeError) throw new Refusal('has too few inputs');
      throw error;
    }
  }

  /** Computes the results of a node that do not depend on the values of the image. */
  follow(node: GraphNode, valueOf: (input: string) => Value | undefined): void {
    const given = node.inputs.map((input) => this.constantAt(input, valueOf(input)));
    const shape = node.op === 'Shape' ? this.shapeAt(node.inputs[0], valueOf) : undefined;
    const known = given.filter((each) => each !== undefined);
    const isWhole = known.length > 0 && known.length === given.length;
    const found = shape ?? (isWhole ? folded(node, known) : undefined);
    if (found) this.fixed.set(node.name, [found].flat());
  }

  /** Results of a node that are the same constants for every single image. */
  fixedAt(node: string): readonly Constant[] | undefined {
    return this.fixed.get(node);
  }

  /**
   * A part as a tensor of the network; `undefined` if there is no such part. Throws `Refusal` if it does not
   * give one result for one image.
   */
  tensorAt(input: string): Tensor | undefined {
    const source = this.partAt(input);
    if (source?.kind !== 'piece') return source?.kind === 'tensor' ? source : undefined;
    if (isTensor(source)) return this.layerOf(source, sourceOf(input).name);
    throw new Refusal(
      `reads [${source.shape.join(', ')}] for an image, of which the first axis is not the batch`,
    );
  }

  /** A part as an output of the network, whatever its shape for one image. */
  outputAt(input: string): Tensor | undefined {
    const source = this.partAt(input);
    if (source?.kind !== 'piece') return source?.kind === 'tensor' ? source : undefined;
    const isWhole = source.shape[0] === 1 && source.shape.length > 1;
    const whole = isWhole
      ? source
      : piece('reshape', [source], { shape: [1, ...(source.shape.length > 0 ? source.shape : [1])] });
    return this.layerOf(whole, sourceOf(input).name);
  }

  /** Whether a node is in a frozen part. */
  has(input: string): boolean {
    return this.partAt(input) !== undefined;
  }

  /** Whether it is in a part that can be a tensor of the network. */
  isTensor(input: string): boolean {
    const source = this.partAt(input);
    return source?.kind === 'tensor' || (source?.kind === 'piece' && isTensor(source));
  }

  private partAt(input: string): Source | undefined {
    const { name, output } = sourceOf(input);
    return this.pieces.get(name)?.[output];
  }

  private layerOf(part: Piece, name: string): Tensor {
    const known = this.layers.get(part);
    if (known) return known;
    const tensor = this.add(name, partLayer(part));
    this.layers.set(part, tensor);
    return tensor;
  }

  private sourceAt(input: string, value: Value | undefined): Source | undefined {
    const known = this.constantAt(input, value);
    if (known) return known;
    const part = this.partAt(input);
    // A piece that already is a layer is not computed twice.
    if (part?.kind === 'piece') return this.layers.get(part) ?? part;
    if (part) return part;
    if (value?.kind !== 'tensor') return undefined;
    const { isBare, ...tensor } = asInFile({ add: (layer) => this.add(sourceOf(input).name, layer) }, value);
    return isBare ? piece('reshape', [tensor], { shape: shapeOf(tensor).slice(1) }) : tensor;
  }

  private constantAt(input: string, value: Value | undefined): Constant | undefined {
    if (value?.kind === 'constant' && !value.data.some(Number.isNaN)) return value;
    const { name, output } = sourceOf(input);
    return this.fixed.get(name)?.[output];
  }

  private shapeAt(
    input: string | undefined,
    valueOf: (input: string) => Value | undefined,
  ): Constant | undefined {
    const source = input === undefined ? undefined : (this.partAt(input) ?? valueOf(input));
    if (!source) return undefined;
    if (source.kind !== 'tensor') return vector(shapeOf(source));
    if (source.shape.includes(undefined)) return undefined;
    const isBare = 'isBare' in source && source.isBare === true;
    return vector(isBare ? (source.shape as number[]) : shapeOf(source));
  }
}

/** Whether an operator can be a step of a frozen part. */
export function canBeInPart({ op }: GraphNode): boolean {
  return Object.hasOwn(PART_OPERATORS, op);
}

/** Kernels and the nodes before them: only among these do unknown nodes become frozen parts. */
export function nodesBeforeKernels(order: readonly GraphNode[]): Set<string> {
  const found = new Set<string>();
  for (const { name, op, inputs } of [...order].reverse()) {
    if (!Object.hasOwn(KERNEL_OPERATORS, op) && !found.has(name)) continue;
    found.add(name);
    for (const input of inputs) found.add(sourceOf(input).name);
  }
  return found;
}

/** The results of a node with constant inputs; `undefined` if they cannot be folded. */
function folded(node: GraphNode, given: readonly Constant[]) {
  try {
    return workedOut(node, given);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}
