import * as tf from '@tensorflow/tfjs-core';
import {
  TersorError,
  type Backend,
  type InferenceSession,
  type LayerGraph,
  type ObservationSession,
  type TrainingSession,
  type TrainingStep,
} from '@tersor/core';
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

/** For every case of `backendContract`, a backend that breaks it. */
export function brokenBackends(): Record<string, () => Backend> {
  return {
    'an unavailable backend gives a reason and an install hint': () => ({
      ...correctBackend(),
      isAvailable: async () => ({ available: false, reason: '', install: '' }),
    }),
    'a session gives what layer by layer prediction gives': withRun(
      (run) => async (images) => (await run(images)).map((value) => value * 1.01),
    ),
    'a session computes depthwise, separable, strided and dilated convolutions': () => {
      const backend = correctBackend();
      return { ...backend, compile: (graph, options) => backend.compile(withoutDilation(graph), options) };
    },
    'a session computes the layers that Tersor adds': () => {
      const backend = correctBackend();
      return { ...backend, compile: (graph, options) => backend.compile(withoutShuffle(graph), options) };
    },
    'stock layers give the same on it, where it is a backend of tfjs': () => {
      // A backend of tfjs that has no kernels at all.
      const id = 'without-kernels';
      const activate = async () => {
        tf.registerBackend(id, () => new tf.KernelBackend());
        await tf.setBackend(id);
      };
      return { ...correctBackend(), activate, dispose: async () => tf.removeBackend(id) };
    },
    'results do not depend on how many images are passed at once': withRun((run) => async (images) => {
      const result = await run(images);
      return result.length > 90 ? result.map((value) => value + 0.01) : result;
    }),
    'the same input gives the same bits again': () => {
      let calls = 0;
      return withRun((run) => async (images) => (await run(images)).map((value) => value + 1e-6 * calls++))();
    },
    'sessions leave nothing behind': () => {
      let leaked = 0;
      const backend = withRun((run) => async (images) => (leaked++, run(images)))();
      return { ...backend, memory: () => ({ ...backend.memory(), tensors: leaked }) };
    },
    'it can be activated and disposed twice': () => {
      let disposals = 0;
      const backend = correctBackend();
      return {
        ...backend,
        dispose: async () => {
          if (++disposals > 1) throw new Error('disposed already');
        },
      };
    },
    'a precision it does not have is refused with PRECISION_UNSUPPORTED': () => {
      const backend = correctBackend();
      return { ...backend, compile: (graph) => backend.compile(graph) };
    },
    'observed results are those of the calls that were asked for, in their order': () => {
      const backend = correctBackend();
      // Folds the batch norm into the convolution, which then gives what the batch norm gives.
      const folded = (call: number) => (call === 1 ? 2 : call);
      return { ...backend, observe: (graph, calls) => backend.observe(graph, calls.map(folded)) };
    },
    'a network of several inputs can be observed': withObservation(
      (run) =>
        async (first, ...others) =>
          run(first!, ...others.map(() => first!)),
    ),
    'observed results do not depend on how many images are passed at once': withObservation(
      (run) =>
        async (...inputs) => {
          const results = await run(...inputs);
          return results.map((values) =>
            values.length > 1000 ? values.map((value) => value + 0.01) : values,
          );
        },
    ),
    'observations leave nothing behind': () => {
      let leaked = 0;
      const backend = withObservation(
        (run) =>
          async (...inputs) => (leaked++, run(...inputs)),
      )();
      return { ...backend, memory: () => ({ ...backend.memory(), tensors: leaked }) };
    },
    'a call that the network does not have is refused with MODEL_INVALID': () => {
      const backend = correctBackend();
      return {
        ...backend,
        observe: (graph, calls) =>
          backend.observe(
            graph,
            calls.filter((call) => call in graph.calls),
          ),
      };
    },
    'products of matrices are those of plain loops, where it has them': () => ({
      ...correctBackend(),
      // As many values as it should be, and no products.
      crossProducts: async (x, others, rows) =>
        others.map((other) => new Float32Array((x.length / rows) * (other.length / rows)).fill(x[0]!)),
    }),
    'gradients are the slopes of the loss': withUpdates((value) => 1.5 * value),
    'gradients of depthwise, separable, strided and dilated convolutions are the slopes of the loss':
      withGradientsOf(withoutDilation),
    'gradients of the layers that Tersor adds are the slopes of the loss': withGradientsOf(withoutShuffle),
    'training lowers the loss, and the same way each time': withUpdates((value) => -value),
  };
}

/** True losses, and gradients that were computed with another network. */
function withGradientsOf(change: (graph: LayerGraph) => LayerGraph): () => Backend {
  return () => {
    const backend = correctBackend();
    return {
      ...backend,
      compileTraining: async (graph, objective) => {
        const [right, wrong] = [
          await backend.compileTraining(graph, objective),
          await backend.compileTraining(change(graph), objective),
        ];
        return {
          ...right,
          step: async (weights, batch) => {
            const [{ loss, accuracy }, changed] = [
              await right.step(weights, batch),
              await wrong.step(weights, batch),
            ];
            return lazyStep({ loss, accuracy }, () => [...changed.updates]);
          },
        };
      },
    };
  };
}

/** The network with its channels in their old order. */
function withoutShuffle(graph: LayerGraph): LayerGraph {
  return {
    ...graph,
    layers: graph.layers.map((layer) =>
      layer.className === 'TersorChannelShuffle'
        ? { ...layer, config: { ...layer.config, groups: 1 } }
        : layer,
    ),
  };
}

function withoutDilation(graph: LayerGraph): LayerGraph {
  return {
    ...graph,
    layers: graph.layers.map((layer) => ({ ...layer, config: { ...layer.config, dilation_rate: [1, 1] } })),
  };
}

function withRun(change: (run: InferenceSession['run']) => InferenceSession['run']): () => Backend {
  return () => {
    const backend = correctBackend();
    return {
      ...backend,
      compile: async (graph, options) => {
        const session = await backend.compile(graph, options);
        return { run: change(session.run), dispose: session.dispose };
      },
    };
  };
}

function withObservation(
  change: (run: ObservationSession['run']) => ObservationSession['run'],
): () => Backend {
  return () => {
    const backend = correctBackend();
    return {
      ...backend,
      observe: async (graph, calls) => {
        const session = await backend.observe(graph, calls);
        return { run: change(session.run), dispose: session.dispose };
      },
    };
  };
}

function withUpdates(change: (value: number) => number): () => Backend {
  return () => {
    const backend = correctBackend();
    const compileTraining = async (
      ...[graph, objective]: Parameters<Backend['compileTraining']>
    ): Promise<TrainingSession> => {
      const session = await backend.compileTraining(graph, objective);
      const step: TrainingSession['step'] = async (weights, batch) => {
        const right = await session.step(weights, batch);
        return lazyStep(right, () => right.updates.map((update) => update.map(change)));
      };
      return { ...session, step };
    };
    return { ...backend, compileTraining };
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
function lazyStep(
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
