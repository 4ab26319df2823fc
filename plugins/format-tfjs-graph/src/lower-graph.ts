import { TersorError } from '@tersor/core';
import { Refusal } from '@tersor/network';
import { Builder } from './builder.js';
import { workedOut } from './constants.js';
import { shapeOf, sourceOf, type GraphNode } from './node.js';
import { KERNEL_OPERATORS, OPERATORS } from './operators/table.js';
import { asInFile, type Site } from './site.js';
import { invalid, sortNodes } from './sort-nodes.js';
import type { Constant, Tensor, Value } from './value.js';

type Sizes = readonly (number | undefined)[];

/** A GraphModel that is to become layers. */
export interface GraphSource {
  readonly origin: string;
  readonly nodes: readonly GraphNode[];
  readonly weights: ReadonlyMap<string, Constant>;
  /** Names of the nodes that are outputs. */
  readonly outputs: readonly string[];
  /** Whether they were asked for: then all that they need has to be read. */
  readonly isAsked: boolean;
  /** Names of nodes that are inputs beside those of the file, because what comes before them is not read. */
  readonly inputs: readonly string[];
  /** Shapes of inputs with the batch, as the signature of the file states them. */
  readonly stated: ReadonlyMap<string, Sizes>;
  /** Sizes of one input image, where the file leaves them open. */
  readonly inputShape?: readonly number[] | undefined;
}

/** The layers of a GraphModel, and the names of its inputs' and outputs' layers. */
export interface LoweredGraph {
  readonly builder: Builder;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Names of the nodes that the outputs are of. */
  readonly ends: readonly string[];
  /** What comes after the network and was left out, in words. */
  readonly cut: readonly string[];
}

/** A node that is not read, and why. */
interface Problem {
  readonly node: GraphNode;
  readonly reason: string;
}

/**
 * The layers that compute what the nodes of a GraphModel compute, of those that lead to an output. Nodes that
 * are not read are left out with all that follows, where no kernel is among that: the choice of boxes or of
 * the best class. What they read are outputs then. Throws `MODEL_INVALID` for inputs that come from nowhere,
 * `MODEL_UNSUPPORTED` naming all nodes for which there are no layers.
 */
export function lowerGraph(source: GraphSource): LoweredGraph {
  const { origin, isAsked } = source;
  const starts = new Set(source.inputs);
  const nodes = new Map(
    source.nodes.map((node) => [node.name, starts.has(node.name) ? { ...node, inputs: [] } : node]),
  );
  const { order, loops } = sortNodes(origin, source.outputs, nodes);
  const builder = new Builder();
  const values = new Map<string, readonly Value[]>();
  const problems: Problem[] = [];
  const lost: GraphNode[] = [];
  const inputs: string[] = [];
  const valueOf = (input: string) => {
    const { name, output } = sourceOf(input);
    return values.get(name)?.[output];
  };
  for (const node of order) {
    const given = node.inputs.map(valueOf);
    const isLoop = loops.has(node.name);
    // What comes after a node that is not read cannot be told.
    if (!isLoop && given.some((each) => each === undefined)) {
      lost.push(node);
      continue;
    }
    try {
      if (isLoop) throw new Refusal('is in a loop: the nodes around it go in a circle');
      values.set(node.name, valuesOf(node, given as Value[]));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      problems.push({ node, reason: error.message });
      lost.push(node);
    }
  }
  const unread = problems.map(({ node, reason }) => `"${node.name}" (${node.op}) ${reason}`);
  const hasKernels = lost.some(({ op }) => Object.hasOwn(KERNEL_OPERATORS, op));
  if (unread.length > 0 && (isAsked || hasKernels)) throw unsupported(origin, unread);
  const ends = unread.length > 0 ? outputsBefore() : source.outputs;
  const outputs = new Map<string, string>();
  for (const name of ends) {
    const value = valueOf(name);
    if (value?.kind !== 'tensor') throw invalid(origin, `its output "${name}" does not depend on an input.`);
    const layer = outputOf(name, value);
    if (!outputs.has(layer)) outputs.set(layer, name);
  }
  if (outputs.size === 0) throw unsupported(origin, unread);
  return { builder, inputs, outputs: [...outputs.keys()], ends: [...outputs.values()], cut: unread };

  function valuesOf(node: GraphNode, given: readonly Value[]): readonly Value[] {
    if (node.op === 'Placeholder' || starts.has(node.name)) {
      const tensor = placeholder(node);
      inputs.push(tensor.layer);
      return [tensor];
    }
    const weight = source.weights.get(node.name);
    if (weight) return [weight];
    const constant = workedOut(node, given);
    if (constant) return [constant];
    const operator = Object.hasOwn(OPERATORS, node.op) ? OPERATORS[node.op] : undefined;
    if (!operator) throw new Refusal('is not known');
    const site: Site = { node, inputs: given, add: (layer) => builder.add(node.name, layer) };
    const result = operator(site);
    return Array.isArray(result) ? (result as Value[]) : [result as Value];
  }

  /** Outputs of the file that are read, and what those nodes read that are not. */
  function outputsBefore(): string[] {
    const read = source.outputs.filter((name) => valueOf(name)?.kind === 'tensor');
    const edges = lost.flatMap((node) => node.inputs).filter((input) => isComputed(valueOf(input)));
    return [...new Set([...read, ...edges])];
  }

  /** Whether a value is computed from an input, rather than being one. */
  function isComputed(value: Value | undefined): boolean {
    return value?.kind === 'tensor' && builder.drafts.get(value.layer)!.className !== 'InputLayer';
  }

  function outputOf(name: string, value: Tensor): string {
    return asInFile({ add: (layer) => builder.add(sourceOf(name).name, layer) }, value).layer;
  }

  function placeholder(node: GraphNode): Tensor {
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
    // Images with their channels first lie with them last where the file itself turns them around.
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
}

/** Whether all that reads an input, directly or after paddings, puts its channels last. */
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

function unsupported(origin: string, problems: readonly string[]): TersorError {
  const message =
    problems.length === 1
      ? `${origin}: node ${problems[0]}.`
      : `${origin} has ${problems.length} nodes that are not read:\n  ${problems.join('\n  ')}`;
  return new TersorError('MODEL_UNSUPPORTED', message, {
    hint: `Where they come after the network, name the nodes before them as its outputs: --format-option outputs=<node>. Where they come before it, name what they give as its input: --format-option inputs=<node>, with inputShape. Known are: ${Object.keys(OPERATORS).join(', ')}.`,
  });
}
