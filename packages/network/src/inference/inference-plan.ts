import { TersorError, type LayerGraph } from '@tersor/core';
import { layersByName, neededCalls } from '../graph/walk.js';
import { layerOperations } from './layer-operations.js';
import { requireComputable } from './require-computable.js';
import type { InferencePlan, PlanActivation, PlanOperation, PlanStep, PlanWeight } from './plan-step.js';

interface DraftStep {
  operation: PlanOperation;
  activation: PlanActivation | undefined;
  readonly inputs: readonly DraftStep[];
  /** Steps that read this one's result; the network's output counts as a reader. */
  readers: number;
}

/**
 * Converts a network to fused steps for inference. A batch norm is folded into the convolution or dense layer
 * before it (if it is the only reader and no activation is between them), an activation into the step before
 * it; dropout, and what the first output does not need, are left out. A layer without a known operation
 * becomes a step that runs the stock tfjs layer. A shared layer has one step per call. Throws
 * `MODEL_UNSUPPORTED` for several inputs, a layer of open size, or an option that tfjs ignores.
 */
export function inferencePlan(graph: LayerGraph): InferencePlan {
  requireComputable(graph);
  const output = graph.outputs[0]!;
  const inputShape = closedShape(graph, graph.inputs[0]!);
  if (graph.inputs.length !== 1) {
    throw new TersorError('MODEL_UNSUPPORTED', `Model "${graph.name}" has ${graph.inputs.length} inputs.`, {
      hint: 'Only models with a single image input can be run.',
    });
  }
  const drafts = fuse(draftSteps(graph, output));
  const indexOf = new Map(drafts.map((draft, index) => [draft, index]));
  const last = new Map<DraftStep, DraftStep>();
  for (const draft of drafts) for (const input of draft.inputs) last.set(input, draft);
  const result = drafts.at(-1)!;
  const steps = drafts.map((draft): PlanStep => {
    const release = [...new Set(draft.inputs)].filter((input) => last.get(input) === draft);
    return {
      operation: draft.operation,
      ...(draft.activation && { activation: draft.activation }),
      inputs: draft.inputs.map((input) => indexOf.get(input)!),
      release: release.map((input) => indexOf.get(input)!),
    };
  });
  return {
    inputShape,
    steps,
    output: indexOf.get(result)!,
    outputShape: closedShape(graph, output),
  };
}

/** One step per operation, without fusion; the last one is the output. */
function draftSteps(graph: LayerGraph, output: number): DraftStep[] {
  const layers = layersByName(graph);
  const needed = neededCalls(graph, [output]);
  const drafts: DraftStep[] = [];
  const results = new Map<number, DraftStep>();
  const add = (operation: PlanOperation, inputs: readonly DraftStep[], activation?: PlanActivation) => {
    inputs.forEach((input) => input.readers++);
    const draft: DraftStep = { operation, activation, inputs, readers: 0 };
    drafts.push(draft);
    return draft;
  };
  graph.calls.forEach((call, index) => {
    if (!needed.has(index) && !graph.inputs.includes(index)) return;
    const inputs = call.inputs.map((input) => results.get(input)!);
    const layer = layers.get(call.layer)!;
    const inputShapes = call.inputs.map((input) => closedShape(graph, input));
    const outputShape = closedShape(graph, index);
    const operations = layerOperations({ layer, inputShapes, outputShape });
    let result = inputs;
    if (operations)
      for (const { operation, activation } of operations) result = [add(operation, result, activation)];
    else result = [add({ kind: 'layer', layer, inputShapes }, result)];
    results.set(index, result[0]!);
  });
  results.get(output)!.readers++;
  // Only input layers can come after the output: cut them off.
  return drafts.slice(0, drafts.indexOf(results.get(output)!) + 1);
}

/** Merges scale-shift and activation steps into the step before them, if they are its only reader. */
function fuse(drafts: readonly DraftStep[]): DraftStep[] {
  const alias = new Map<DraftStep, DraftStep>();
  const fused: DraftStep[] = [];
  for (const draft of drafts) {
    const inputs = draft.inputs.map((input) => alias.get(input) ?? input);
    const previous = inputs[0];
    if (
      previous &&
      inputs.length === 1 &&
      previous.readers === 1 &&
      !previous.activation &&
      absorb(previous, draft)
    ) {
      previous.readers = draft.readers;
      alias.set(draft, previous);
      continue;
    }
    const kept: DraftStep = { ...draft, inputs };
    alias.set(draft, kept);
    fused.push(kept);
  }
  return fused;
}

/** Tries to merge `step` into `previous`, which has no activation and which only `step` reads. */
function absorb(previous: DraftStep, step: DraftStep): boolean {
  if (step.operation.kind === 'activation') {
    const kind = previous.operation.kind;
    if (kind === 'input' || kind === 'layer' || kind === 'reshape') return false;
    previous.activation = step.activation;
    return true;
  }
  if (step.operation.kind !== 'scale-shift') return false;
  const folded = foldAffine(previous.operation, step.operation.scale, step.operation.shift);
  if (!folded) return false;
  previous.operation = folded;
  previous.activation = step.activation;
  return true;
}

/**
 * `(kernel * x + bias) * scale + shift` as one operation. Output channels are the last axis of a kernel (the
 * last two of a depthwise one).
 */
function foldAffine(
  operation: PlanOperation,
  scale: PlanWeight,
  shift: PlanWeight,
): PlanOperation | undefined {
  if (operation.kind !== 'convolution' && operation.kind !== 'depthwise' && operation.kind !== 'dense')
    return undefined;
  const { kernel, bias } = operation;
  const channels = scale.data.length;
  // A batch norm over another axis has a scale per row or column.
  if (scale.shape.at(-1) !== channels) return undefined;
  const data = kernel.data.map((value, i) => value * scale.data[i % channels]!);
  const offset = shift.data.map((value, i) => value + (bias ? bias.data[i]! * scale.data[i]! : 0));
  return { ...operation, kernel: { shape: kernel.shape, data }, bias: { shape: [channels], data: offset } };
}

function closedShape(graph: LayerGraph, index: number): readonly number[] {
  const { layer, outputShape } = graph.calls[index]!;
  return outputShape.map((size) => {
    if (size !== undefined) return size;
    throw new TersorError(
      'MODEL_UNSUPPORTED',
      `Layer "${layer}" of model "${graph.name}" has a result of open size (${outputShape.map((each) => each ?? '?').join('x')}).`,
      {
        hint: 'Give the model a fixed input size, for instance [32, 32, 3], and a Reshape a target shape without -1.',
      },
    );
  });
}
