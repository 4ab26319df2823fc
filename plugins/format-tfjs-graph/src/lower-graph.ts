import { TersorError } from '@tersor/core';
import { Refusal } from '@tersor/network';
import { Builder } from './builder.js';
import { workedOut } from './constants.js';
import { sourceOf, type GraphNode } from './node.js';
import { KERNEL_OPERATORS, OPERATORS } from './operators/table.js';
import { canBeInPart, FrozenParts, nodesBeforeKernels } from './parts/frozen-parts.js';
import type { GraphSource } from './graph-source.js';
import { placeholder } from './placeholder.js';
import { asInFile, type Site } from './site.js';
import { invalid, sortNodes, type SortedNodes } from './file/sort-nodes.js';
import type { Tensor, Value } from './value.js';

/** The layers of a GraphModel, and the names of its inputs' and outputs' layers. */
export interface LoweredGraph {
  readonly builder: Builder;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  /** Names of the nodes that compute the outputs. */
  readonly ends: readonly string[];
  /** Descriptions of the nodes after the network that were left out. */
  readonly cut: readonly string[];
}

/** A node that cannot be read, and why. */
interface Problem {
  readonly node: GraphNode;
  readonly reason: string;
}

/**
 * Lowers the nodes of a GraphModel that the outputs depend on to layers. An unknown node is left out with
 * everything after it, if no kernel follows: for instance the choice of boxes or of the best class. The
 * values that it reads become outputs. If a kernel follows, it becomes a frozen part, computed as it is.
 * Throws `MODEL_INVALID` for inputs that do not exist, and `MODEL_UNSUPPORTED` with the names of all nodes
 * that can be neither.
 */
export function lowerGraph(source: GraphSource): LoweredGraph {
  const starts = new Set(source.inputs);
  const nodes = new Map(
    source.nodes.map((node) => [node.name, starts.has(node.name) ? { ...node, inputs: [] } : node]),
  );
  const sorted = sortNodes(source.origin, source.outputs, nodes);
  const whole = lowerNodes(source, sorted, new Set());
  if (!('refused' in whole)) return whole;
  const { order } = sorted;
  const kept = source.isAsked ? new Set(order.map(({ name }) => name)) : nodesBeforeKernels(order);
  const inParts = lowerNodes(source, sorted, kept);
  if (!('refused' in inParts)) return inParts;
  throw unsupported(source.origin, inParts.refused);
}

/** @param kept names of the nodes that become frozen parts if they are unknown. */
function lowerNodes(
  source: GraphSource,
  { order, loops }: SortedNodes,
  kept: ReadonlySet<string>,
): LoweredGraph | { readonly refused: readonly string[] } {
  const { origin, isAsked } = source;
  const starts = new Set(source.inputs);
  const builder = new Builder();
  const frozen = new FrozenParts((name, layer) => builder.add(name, layer));
  const values = new Map<string, readonly Value[]>();
  const problems: Problem[] = [];
  const lost: GraphNode[] = [];
  const inputs: string[] = [];
  const valueOf = (input: string) => {
    const { name, output } = sourceOf(input);
    return values.get(name)?.[output];
  };
  const isRead = (input: string) => valueOf(input) !== undefined || frozen.has(input);
  for (const node of order) {
    const isLoop = loops.has(node.name);
    // Nothing is known of the values after a node that was not read.
    if (!isLoop && !node.inputs.every(isRead)) {
      lost.push(node);
      continue;
    }
    try {
      if (isLoop) throw new Refusal('is in a loop: the nodes around it go in a circle');
      if (kept.size > 0) frozen.follow(node, valueOf);
      read(node);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      problems.push({ node, reason: error.message });
      lost.push(node);
    }
  }
  const unread = problems.map(({ node, reason }) => `"${node.name}" (${node.op}) ${reason}`);
  const hasKernels = lost.some(isKernel);
  if (unread.length > 0 && (isAsked || hasKernels)) return { refused: unread };
  const ends = unread.length > 0 ? outputsBefore() : source.outputs;
  const outputs = new Map<string, string>();
  for (const name of ends) {
    const value = partOutput(name) ?? valueOf(name);
    if (value instanceof Refusal) return { refused: [`"${name}" is an output that ${value.message}`] };
    if (value?.kind !== 'tensor') throw invalid(origin, `its output "${name}" does not depend on an input.`);
    const layer = outputOf(name, value);
    if (!outputs.has(layer)) outputs.set(layer, name);
  }
  if (outputs.size === 0) return { refused: unread };
  return { builder, inputs, outputs: [...outputs.keys()], ends: [...outputs.values()], cut: unread };

  /** An output that a frozen part computes, or why it cannot be one. */
  function partOutput(name: string): Tensor | Refusal | undefined {
    try {
      return frozen.outputAt(name);
    } catch (error) {
      if (error instanceof Refusal) return error;
      throw error;
    }
  }

  /**
   * Reads a node as layers, or else as a frozen part. Throws `Refusal` with the reason why it is no layer.
   */
  function read(node: GraphNode): void {
    const isInPart = node.inputs.map((input) => frozen.has(input));
    // A part continues up to the next kernel, so that it is one layer.
    const isConstant = (input: string) => valueOf(input)?.kind === 'constant';
    const goesOn = isInPart.includes(true) && !(isKernel(node) && node.inputs.slice(1).every(isConstant));
    const isOperator = Object.hasOwn(OPERATORS, node.op);
    let problem: Refusal | undefined;
    for (const asPart of goesOn ? [true, false] : [false, true]) {
      if (asPart && !(kept.has(node.name) && canBeInPart(node))) continue;
      try {
        if (asPart) frozen.read(node, valueOf);
        else
          values.set(
            node.name,
            valuesOf(
              node,
              node.inputs.map((input) => frozen.tensorAt(input) ?? valueOf(input)!),
            ),
          );
        return;
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        if (problem === undefined || asPart !== isOperator) problem = error;
      }
    }
    const fixed = frozen.fixedAt(node.name);
    if (!fixed) throw problem ?? new Refusal('is not known');
    values.set(node.name, fixed);
  }

  function valuesOf(node: GraphNode, given: readonly Value[]): readonly Value[] {
    if (node.op === 'Placeholder' || starts.has(node.name)) {
      const tensor = placeholder(node, source, builder);
      inputs.push(tensor.layer);
      return [tensor];
    }
    const weight = source.weights.get(node.name);
    if (weight) return [weight];
    const constant = workedOut(node, given);
    if (constant) return [constant].flat();
    const operator = Object.hasOwn(OPERATORS, node.op) ? OPERATORS[node.op] : undefined;
    if (!operator) throw new Refusal('is not known');
    const site: Site = { node, inputs: given, add: (layer) => builder.add(node.name, layer) };
    const result = operator(site);
    return Array.isArray(result) ? (result as Value[]) : [result as Value];
  }

  /** The outputs of the file that were read, and the inputs of the nodes that were not. */
  function outputsBefore(): string[] {
    const read = source.outputs.filter((name) => frozen.has(name) || valueOf(name)?.kind === 'tensor');
    const edges = lost
      .flatMap((node) => node.inputs)
      .filter((input) => frozen.isTensor(input) || isComputed(valueOf(input)));
    return [...new Set([...read, ...edges])];
  }

  /** Whether a value is computed from an input and is not an input itself. */
  function isComputed(value: Value | undefined): boolean {
    return value?.kind === 'tensor' && builder.drafts.get(value.layer)!.className !== 'InputLayer';
  }

  function outputOf(name: string, value: Tensor): string {
    return asInFile({ add: (layer) => builder.add(sourceOf(name).name, layer) }, value).layer;
  }
}

function isKernel({ op }: GraphNode): boolean {
  return Object.hasOwn(KERNEL_OPERATORS, op);
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
