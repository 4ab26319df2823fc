import * as tf from '@tensorflow/tfjs-core';
import type {
  Backend,
  InferenceSession,
  LayerGraph,
  ObservationSession,
  TrainingSession,
} from '@tersor/core';
import { correctBackend, lazyStep } from './correct-backend.js';

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
    'stock layers give the same on it, if it is a backend of tfjs': () => {
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
    'observed results are those of the requested calls, in their order': () => {
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
    'products of matrices are those of plain loops, if it has them': () => ({
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
