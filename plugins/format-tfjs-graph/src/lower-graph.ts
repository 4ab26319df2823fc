import { TersorError } from '@tersor/core';
import { Builder } from './builder.js';
import { workedOut } from './constants.js';
import { shapeOf, sourceOf, type GraphNode } from './node.js';
import { OPERATORS } from './operators/table.js';
import type { Site } from './site.js';
import { Refusal, type Constant, type Tensor, type Value } from './value.js';

/** A GraphModel that is to become layers. */
export interface GraphSource {
  readonly origin: string;
  readonly nodes: readonly GraphNode[];
  readonly weights: ReadonlyMap<string, Constant>;
  /** Names of the nodes that are outputs. */
  readonly outputs: readonly string[];
  /** Sizes of one input image, where the file leaves them open. */
  readonly inputShape?: readonly number[] | undefined;
}

/** The layers of a GraphModel, and the names of its inputs' and outputs' layers. */
export interface LoweredGraph {
  readonly builder: Builder;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/**
 * The layers that compute what the nodes of a GraphModel compute, of those that lead to an output. Throws
 * `MODEL_INVALID` for inputs that come from nowhere or go in circles, `MODEL_UNSUPPORTED` naming all nodes
 * for which there are no layers.
 */
export function lowerGraph(source: GraphSource): LoweredGraph {
  const nodes = new Map(source.nodes.map((node) => [node.name, node]));
  const order = sorted(source, nodes);
  const reads = new Map<string, number>();
  const count = (name: string) => reads.set(name, (reads.get(name) ?? 0) + 1);
  for (const { inputs } of order) inputs.forEach((input) => count(sourceOf(input).name));
  source.outputs.forEach((output) => count(sourceOf(output).name));
  const builder = new Builder();
  const values = new Map<string, readonly Value[]>();
  const problems: string[] = [];
  const inputs: string[] = [];
  const valueOf = (input: string) => {
    const { name, output } = sourceOf(input);
    return values.get(name)?.[output];
  };
  for (const node of order) {
    const given = node.inputs.map(valueOf);
    // What comes after a node that is not read cannot be told.
    if (given.some((each) => each === undefined)) continue;
    try {
      const result = valuesOf(node, given as Value[]);
      values.set(node.name, result);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      problems.push(`"${node.name}" (${node.op}) ${error.message}`);
    }
  }
  if (problems.length > 0) throw unsupported(source.origin, problems);
  const outputs = source.outputs.map((name) => {
    const value = valueOf(name);
    if (value?.kind === 'tensor') return value.layer;
    throw invalid(source.origin, `its output "${name}" does not depend on an input.`);
  });
  return { builder, inputs, outputs };

  function valuesOf(node: GraphNode, given: readonly Value[]): readonly Value[] {
    if (node.op === 'Placeholder') {
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
    const isReadOnce = reads.get(node.name) === 1;
    const site: Site = {
      node,
      inputs: given,
      builder,
      // Of several layers of one node the inner ones are read by it alone.
      add: (layer) => builder.add(node.name, layer, layer.ending !== undefined || isReadOnce),
    };
    const result = operator(site);
    const found = Array.isArray(result) ? (result as Value[]) : [result as Value];
    // A node that became a part of the layer before it gives what that layer gives: its readers count now.
    for (const each of found)
      if (each.kind === 'tensor' && !isReadOnce) builder.draft(each).isReadOnce = false;
    return found;
  }

  function placeholder(node: GraphNode): Tensor {
    const stated = shapeOf(node, 'shape') ?? (source.inputShape && [undefined, ...source.inputShape]);
    if (!stated || stated.length < 2)
      throw new Refusal('is an input of open rank: give "inputShape", the sizes of one image');
    const shape = stated.slice(1).map((length, i) => length ?? source.inputShape?.[i]);
    const config = {
      batch_input_shape: [null, ...shape.map((length) => length ?? null)],
      dtype: 'float32',
      sparse: false,
    };
    return builder.add(node.name, { className: 'InputLayer', config, inputs: [], shape }, false);
  }
}

/** The nodes that lead to the outputs, each after those that it reads. */
function sorted({ origin, outputs }: GraphSource, nodes: ReadonlyMap<string, GraphNode>): GraphNode[] {
  const order: GraphNode[] = [];
  const state = new Map<string, 'open' | 'done'>();
  const stack = outputs
    .map((output) => ({ name: sourceOf(output).name, by: undefined as string | undefined }))
    .reverse();
  while (stack.length > 0) {
    const { name, by } = stack.at(-1)!;
    const node = nodes.get(name);
    if (!node)
      throw invalid(
        origin,
        `${by === undefined ? 'its output' : `"${by}" reads`} "${name}", which is not in it.`,
      );
    if (state.get(name) === 'done') {
      stack.pop();
      continue;
    }
    const open = node.inputs
      .map((input) => sourceOf(input).name)
      .filter((each) => state.get(each) !== 'done');
    if (open.length === 0) {
      state.set(name, 'done');
      order.push(node);
      stack.pop();
      continue;
    }
    // Of a node that is met again the inputs were read, unless they wait for it.
    if (state.get(name) === 'open')
      throw new TersorError(
        'MODEL_UNSUPPORTED',
        `${origin}: the nodes around "${name}" (${node.op}) go in a circle.`,
        {
          hint: 'Loops are not read. Name outputs before them: --format-option outputs=...',
        },
      );
    state.set(name, 'open');
    stack.push(...[...new Set(open)].map((each) => ({ name: each, by: name })));
  }
  return order;
}

function invalid(origin: string, reason: string): TersorError {
  return new TersorError('MODEL_INVALID', `${origin} is no whole GraphModel: ${reason}`);
}

function unsupported(origin: string, problems: readonly string[]): TersorError {
  const message =
    problems.length === 1
      ? `${origin}: node ${problems[0]}.`
      : `${origin} has ${problems.length} nodes that are not read:\n  ${problems.join('\n  ')}`;
  return new TersorError('MODEL_UNSUPPORTED', message, {
    hint: `Where they come after the network, name the nodes before them as its outputs: --format-option outputs=<node>. Known are: ${Object.keys(OPERATORS).join(', ')}.`,
  });
}
