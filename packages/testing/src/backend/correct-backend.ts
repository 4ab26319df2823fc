import { TersorError, type Backend, type LayerGraph, type TrainingStep } from '@tersor/core';
import { referenceResults, referenceRun } from '../reference-run.js';
import { STEP_OF_DIFFERENCE } from './require-slopes.js';

/**
 * A backend that keeps every promise, in plain loops. It trains by differences of the loss, batch norm as in
 * inference: for tiny networks only.
 */
export function correctBackend(): Backend {
  let tensors = 0;
  return {
    id: 'reference',
    capabilities: { training: true, precisions: ['float32'], workers: 1 },
    isAvailable: async () => ({ available: true, details: {} }),
    activate: async () => undefined,
    compile: async (graph, { precision = 'float32' } = {}) => {
      if (precision !== 'float32')
        throw new TersorError(
          'PRECISION_UNSUPPORTED',
          `The reference computes in float32, not ${precision}.`,
        );
      tensors++;
      let disposed = false;
      return {
        run: async (images) => outputsOf(graph, images),
        dispose: () => {
          if (!disposed) tensors--;
          disposed = true;
        },
      };
    },
    observe: async (graph, calls) => {
      requireCalls(graph, calls);
      tensors++;
      let disposed = false;
      return {
        run: async (...inputs) => resultsOf(graph, calls, inputs),
        dispose: () => {
          if (!disposed) tensors--;
          disposed = true;
        },
      };
    },
    compileTraining: async (graph, { labelSmoothing }) => ({
      step: async (weights, batch) => differences(graph, weights, batch.images, batch.labels, labelSmoothing),
      dispose: () => undefined,
    }),
    memory: () => ({ tensors, bytes: 0 }),
    dispose: async () => void (tensors = 0),
  };
}

function requireCalls(graph: LayerGraph, asked: readonly number[]): void {
  const wrong = asked.find((call) => !(call in graph.calls));
  if (wrong !== undefined)
    throw new TersorError('MODEL_INVALID', `"${graph.name}" has no call ${wrong} that could be observed.`);
}

/** The results of some calls for all samples, each in one array. */
function resultsOf(
  graph: LayerGraph,
  calls: readonly number[],
  inputs: readonly Float32Array[],
): Float32Array[] {
  const size = (call: number) =>
    graph.calls[call]!.outputShape.reduce<number>((product, side) => product * side!, 1);
  const count = inputs[0]!.length / size(graph.inputs[0]!);
  const results = calls.map((call) => new Float32Array(count * size(call)));
  for (let i = 0; i < count; i++) {
    const sample = inputs.map((input, k) => {
      const values = size(graph.inputs[k]!);
      return input.subarray(i * values, (i + 1) * values);
    });
    const found = referenceResults(graph, sample);
    calls.forEach((call, k) => results[k]!.set(found[call]!, i * size(call)));
  }
  return results;
}

function outputsOf(graph: LayerGraph, images: Float32Array): Float32Array {
  const size = graph.calls[graph.inputs[0]!]!.outputShape.reduce<number>(
    (product, length) => product * length!,
    1,
  );
  const count = images.length / size;
  return Float32Array.from(
    Array.from({ length: count }, (_, i) => [
      ...referenceRun(graph, images.subarray(i * size, (i + 1) * size)),
    ]).flat(),
  );
}

/**
 * The loss and its slopes in the classifier and the middle of every other weight: enough for the contract,
 * which looks at no others.
 */
function differences(
  graph: LayerGraph,
  weights: readonly Float32Array[],
  images: Float32Array,
  labels: Int32Array,
  smoothing: number,
): TrainingStep {
  const withWeights = (values: readonly Float32Array[]): LayerGraph => {
    let slot = 0;
    return {
      ...graph,
      layers: graph.layers.map((layer) => ({
        ...layer,
        weights: layer.weights.map((weight) => ({ ...weight, data: values[slot++]! })),
      })),
    };
  };
  const lossAt = (values: readonly Float32Array[]) =>
    crossEntropy(outputsOf(withWeights(values), images), labels, smoothing);
  const slope = (slot: number, at: number) => {
    const shifted = (change: number) =>
      lossAt(
        before.map((values, i) =>
          i === slot ? values.map((value, k) => (k === at ? value + change : value)) : values,
        ),
      );
    return (shifted(STEP_OF_DIFFERENCE) - shifted(-STEP_OF_DIFFERENCE)) / (2 * STEP_OF_DIFFERENCE);
  };
  // The arrays are the caller's, who may change them before the slopes are asked for.
  const before = weights.map((values) => values.slice());
  const slopes = () =>
    before.map((values, slot) => {
      const update = new Float32Array(values.length);
      const at = slot >= before.length - 2 ? [...values.keys()] : [values.length >> 1];
      for (const k of at) update[k] = slope(slot, k);
      return update;
    });
  return lazyStep({ loss: lossAt(before), accuracy: 0 }, slopes);
}

/**
 * A step whose slopes are computed when they are read: where only the loss counts, they would take most of
 * the time.
 */
export function lazyStep(
  { loss, accuracy }: Pick<TrainingStep, 'loss' | 'accuracy'>,
  slopes: () => readonly Float32Array[],
): TrainingStep {
  let updates: readonly Float32Array[] | undefined;
  return {
    loss,
    accuracy,
    get updates() {
      return (updates ??= slopes());
    },
  };
}

function crossEntropy(probabilities: Float32Array, labels: Int32Array, smoothing: number): number {
  const classes = probabilities.length / labels.length;
  const target = (row: number, k: number) => (labels[row] === k ? 1 - smoothing : 0) + smoothing / classes;
  return (
    probabilities.reduce(
      (sum, value, i) => sum - target(Math.floor(i / classes), i % classes) * Math.log(value),
      0,
    ) / labels.length
  );
}
