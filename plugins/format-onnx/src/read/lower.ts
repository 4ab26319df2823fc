import { TersorError, type LayerGraph } from '@tersor/core';
import { Refusal, foldAffines, withSpelledActivations } from '@tersor/network';
import { createBuilder, spread, type Builder } from './builder.js';
import { damaged } from './file/damage.js';
import type { OnnxInput, OnnxModel, OnnxNode } from './file/onnx-model.js';
import { inputOrder } from './input-order.js';
import { axisOf, lengthOf, orderOf, type Tensor } from './layout/tensor.js';
import { FrozenParts, nodesBeforeKernels } from './parts/frozen-parts.js';
import { PART_OPERATORS } from './parts/part-operators.js';
import { knownOperators, readNodes, type Problem } from './read-nodes.js';
import type { Value } from './site.js';
import { withActivations } from './spelled-out.js';

/** What `userDefinedMetadata` of an imported network records about its ONNX file. */
export interface OnnxMetadata {
  readonly opset: number;
  readonly inputs: readonly OnnxEnd[];
  readonly outputs: readonly OnnxEnd[];
}

/**
 * An input or output: its name, and for each axis of the network the axis of the file, where the batch is 0.
 * An output for one image may have no batch in the file; then its axes start with 0.
 */
interface OnnxEnd {
  readonly name: string;
  readonly order: readonly number[];
}

/**
 * Converts an ONNX file to a network with channels last. Shapes are computed for the batch size in the file,
 * or for a batch of one. Throws `MODEL_UNSUPPORTED` that lists all nodes that cannot be read.
 */
export function lowered(given: OnnxModel, inputShape: readonly number[] | undefined): LayerGraph {
  const model = withActivations(given);
  const nodes = neededNodes(model);
  const whole = loweredNodes(model, inputShape, nodes, new Set());
  if (!('problems' in whole)) return whole;
  const inParts = loweredNodes(model, inputShape, nodes, nodesBeforeKernels(model, nodes));
  if (!('problems' in inParts)) return inParts;
  throw unsupported(model, inParts.problems);
}

/** @param kept nodes that become frozen parts if no layers can take their place. */
function loweredNodes(
  model: OnnxModel,
  inputShape: readonly number[] | undefined,
  nodes: readonly OnnxNode[],
  kept: ReadonlySet<OnnxNode>,
): LayerGraph | { readonly problems: readonly Problem[] } {
  const build = createBuilder();
  const parts = new FrozenParts(build);
  const values = new Map<string, Value | undefined>(model.initializers);
  const order = inputOrder(model);
  const batch = batchOf(model);
  const inputs = model.inputs.map((input) => {
    const tensor = inputTensor(build, input, sizesFor(input, inputShape, model), order(input));
    values.set(input.name, tensor);
    return tensor;
  });
  const problems = readNodes({
    model,
    nodes,
    kept: batch === 1 ? kept : new Set(),
    values,
    batch,
    build,
    parts,
  });
  if (problems.length > 0) return { problems };
  const outputs: Tensor[] = [];
  for (const name of model.outputs) {
    try {
      const value = parts.tensorAt(name) ?? values.get(name);
      if (value?.kind === 'tensor') outputs.push(outputTensor(build, value, name));
      else if (value || model.initializers.has(name))
        throw new TersorError('MODEL_UNSUPPORTED', `The output "${name}" is a constant.`);
      else throw damaged(`its output "${name}" is made by no node.`);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      problems.push({ node: nodes.find((node) => node.outputs.includes(name))!, reason: error.message });
    }
  }
  if (problems.length > 0) return { problems };
  build.finish();
  const metadata: OnnxMetadata = {
    opset: model.opset,
    inputs: model.inputs.map((input) => ({
      name: input.name,
      order: [0, ...order(input).map((axis) => axis + 1)],
    })),
    outputs: model.outputs.map((name, i) => ({ name, order: endOrder(outputs[i]!) })),
  };
  const graph = cleaned({
    name: model.name,
    layers: build.layers,
    calls: build.calls,
    inputs: inputs.map(({ call }) => call),
    outputs: outputs.map(({ call }) => call),
    metadata: { userDefinedMetadata: { onnx: metadata } },
  });
  return foldAffines(withSpelledActivations(graph));
}

/** Nodes that the outputs depend on, in the order of the file. */
function neededNodes({ nodes, outputs }: OnnxModel): OnnxNode[] {
  const names = new Set(outputs);
  const needed: OnnxNode[] = [];
  for (const node of [...nodes].reverse()) {
    if (!node.outputs.some((name) => names.has(name))) continue;
    node.inputs.forEach((name) => names.add(name));
    needed.unshift(node);
  }
  return needed;
}

/** The first axis of every input is the batch. */
function batchOf({ inputs }: OnnxModel): number {
  const stated = [...new Set(inputs.flatMap(({ dims }) => dims[0] ?? []))];
  return stated.length === 1 ? stated[0]! : 1;
}

/** Sizes of an input after the batch. Throws `MODEL_UNSUPPORTED` if one is open in the file and not given. */
function sizesFor(
  { name, dims, isFloat }: OnnxInput,
  given: readonly number[] | undefined,
  { inputs }: OnnxModel,
): number[] {
  const stated = dims.slice(1);
  const hint = `Name the sizes after the batch, in the order of the file: --format onnx --format-option inputShape=[${stated.map((size) => size ?? 224).join(',')}]`;
  if (!isFloat)
    throw new TersorError('MODEL_UNSUPPORTED', `The input "${name}" has values that are no floats.`);
  if (dims.length === 0)
    throw new TersorError('MODEL_UNSUPPORTED', `The input "${name}" is one number; images have 4 axes.`);
  if (given && inputs.length === 1) {
    if (
      given.length === stated.length &&
      given.every((size, i) => stated[i] === undefined || stated[i] === size)
    )
      return [...given];
    throw new TersorError(
      'MODEL_UNSUPPORTED',
      `The input "${name}" is [${stated.map((size) => size ?? '?').join(', ')}] in the file, which inputShape [${given.join(', ')}] does not fit.`,
      { hint },
    );
  }
  if (stated.includes(undefined))
    throw new TersorError(
      'MODEL_UNSUPPORTED',
      `The file leaves sizes of its input "${name}" open: [${stated.map((size) => size ?? '?').join(', ')}].`,
      { hint },
    );
  return stated as number[];
}

function inputTensor(
  build: Builder,
  { name }: OnnxInput,
  sizes: readonly number[],
  order: readonly number[],
): Tensor {
  build.begin(name);
  const axes = sizes.map(axisOf);
  // One number for an image is an axis of length 1 in the network.
  const lies = order.length > 0 ? order.map((axis) => axes[axis]!) : [[]];
  const shape = lies.map(lengthOf);
  const config = { batch_input_shape: [null, ...shape], dtype: 'float32', sparse: false };
  const call = build.call({ className: 'InputLayer', config }, [], shape);
  return { kind: 'tensor', call, axes, lies };
}

/** Prepares an output: each axis in memory is one axis of the file. */
function outputTensor(build: Builder, tensor: Tensor, name: string): Tensor {
  build.begin(name);
  return tensor.axes.length === 0 ? tensor : spread(build, tensor);
}

function endOrder(tensor: Tensor): number[] {
  if (tensor.isBare) return orderOf(tensor);
  return tensor.axes.length === 0 ? [0] : [0, ...orderOf(tensor).map((axis) => axis + 1)];
}

/** The graph without layers that no output depends on. */
function cleaned(graph: LayerGraph): LayerGraph {
  const needed = new Set([...graph.outputs, ...graph.inputs]);
  for (let i = graph.calls.length - 1; i >= 0; i--)
    if (needed.has(i)) graph.calls[i]!.inputs.forEach((input) => needed.add(input));
  const kept = graph.calls.flatMap((_call, i) => (needed.has(i) ? [i] : []));
  const place = new Map(kept.map((call, i) => [call, i]));
  const calls = kept.map((i) => {
    const call = graph.calls[i]!;
    return { ...call, inputs: call.inputs.map((input) => place.get(input)!) };
  });
  const used = new Set(calls.map(({ layer }) => layer));
  return {
    ...graph,
    layers: graph.layers.filter(({ name }) => used.has(name)),
    calls,
    inputs: graph.inputs.map((input) => place.get(input)!),
    outputs: graph.outputs.map((output) => place.get(output)!),
  };
}

/** One error for all nodes that are not read. */
function unsupported({ opset }: OnnxModel, problems: readonly Problem[]): TersorError {
  const lines = problems.map(({ node, reason }) => {
    const type = node.domain === '' ? node.type : `${node.domain}.${node.type}`;
    return `  ${type} "${node.name}"${reason === undefined ? ': an operator that is not known' : ` ${reason}`}`;
  });
  const shown = lines.slice(0, 40);
  const known = knownOperators();
  const inParts = [...PART_OPERATORS.keys()].filter((type) => !known.includes(type) && !type.includes(' '));
  const rest = lines.length - shown.length;
  return new TersorError(
    'MODEL_UNSUPPORTED',
    `${lines.length} of its nodes (opset ${opset}) cannot be read:\n${shown.join('\n')}${rest > 0 ? `\n  and ${rest} more` : ''}`,
    {
      hint: `Operators that are known: ${known.join(', ')}; before a convolution or a product with weights also ${inParts.join(', ')}. Export the network without the others: cut it before them, or build those layers in another way.`,
    },
  );
}
