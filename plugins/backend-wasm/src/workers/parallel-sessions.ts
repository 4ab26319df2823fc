import {
  elementCount,
  type InferenceSession,
  type LayerGraph,
  type ObservationSession,
  type TrainingBatch,
  type TrainingObjective,
  type TrainingSession,
  type TrainingStep,
} from '@tersor/core';
import { inferencePlan, joined, requireCalls } from '@tersor/network';
import { createSharedMemory } from './shared-memory.js';
import type { WasmWorker } from './worker-pool.js';

const memory = createSharedMemory();

let nextSession = 0;

/**
 * An inference session on several workers. Images go to them in shards of whole batches, the same ones for
 * any number of workers, so that the results are the same too.
 */
export async function compileParallel(
  workers: readonly WasmWorker[],
  graph: LayerGraph,
  batchSize: number,
): Promise<InferenceSession> {
  const session = nextSession++;
  const plan = inferencePlan(graph);
  await memory.lend(plan, (shared) =>
    allSettled(workers.map((worker) => worker.ask({ kind: 'compile', session, plan: shared, batchSize }))),
  );
  const imageSize = elementCount(plan.inputShape);
  return {
    run: async (images) => {
      const batches = Math.ceil(images.length / (imageSize * batchSize));
      const perWorker = Math.ceil(batches / workers.length) * batchSize * imageSize;
      const shards = workers
        .map((_worker, i) => images.subarray(i * perWorker, (i + 1) * perWorker))
        .filter(({ length }) => length > 0);
      return joined(
        await memory.lend(shards, (shared) =>
          allSettled(shared.map((shard, i) => workers[i]!.ask({ kind: 'run', session, images: shard }))),
        ),
      );
    },
    dispose: disposeOnce(workers, session),
  };
}

/** An observation session on several workers: each runs its even share of the samples. */
export async function observeParallel(
  workers: readonly WasmWorker[],
  graph: LayerGraph,
  calls: readonly number[],
): Promise<ObservationSession> {
  requireCalls(graph, calls);
  const session = nextSession++;
  await memory.lend(graph, (shared) =>
    allSettled(workers.map((worker) => worker.ask({ kind: 'observe', session, graph: shared, calls }))),
  );
  const sizes = graph.inputs.map((call) =>
    graph.calls[call]!.outputShape.reduce<number>((size, side) => size * side!, 1),
  );
  return {
    run: async (...inputs) => {
      const count = inputs[0]!.length / sizes[0]!;
      const perWorker = Math.max(1, Math.ceil(count / workers.length));
      const shards = Array.from({ length: Math.max(1, Math.ceil(count / perWorker)) }, (_, i) =>
        inputs.map((input, k) => input.subarray(i * perWorker * sizes[k]!, (i + 1) * perWorker * sizes[k]!)),
      );
      const parts = await memory.lend(shards, (shared) =>
        allSettled(
          shared.map((shard, i) => workers[i]!.ask({ kind: 'run-observation', session, inputs: shard })),
        ),
      );
      return calls.map((_, i) => joined(parts.map((results) => results[i]!)));
    },
    dispose: disposeOnce(workers, session),
  };
}

/**
 * A training session that takes a batch apart into shards of `shardSize` images, computes their gradients on
 * the workers, and averages them in the order of the shards: the same for any number of workers. Batch norm
 * uses the statistics of a shard (ghost batch norm, Hoffer et al. 2017).
 */
export async function compileTrainingParallel(
  workers: readonly WasmWorker[],
  graph: LayerGraph,
  objective: TrainingObjective,
  shardSize: number,
): Promise<TrainingSession> {
  const session = nextSession++;
  await memory.lend(graph, (shared) =>
    allSettled(
      workers.map((worker) => worker.ask({ kind: 'compile-training', session, graph: shared, objective })),
    ),
  );
  return {
    step: (weights, batch) =>
      memory.lend({ weights, batch }, (shared) =>
        averageShards(shared.batch, shardSize, (shard, i) =>
          workers[i % workers.length]!.ask({ kind: 'step', session, weights: shared.weights, batch: shard }),
        ),
      ),
    dispose: disposeOnce(workers, session),
  };
}

/** Computes every shard of a batch and averages, weighted by the shards' sizes. */
export async function averageShards(
  batch: TrainingBatch,
  shardSize: number,
  step: (shard: TrainingBatch, index: number) => Promise<TrainingStep>,
): Promise<TrainingStep> {
  const count = batch.labels.length;
  const shards = splitBatch(batch, Math.max(1, Math.round(count / shardSize)));
  const steps = await allSettled(shards.map(step));
  if (steps.length === 1) return steps[0]!;
  const shares = shards.map(({ labels }) => labels.length / count);
  const mean = (value: (step: TrainingStep) => number) =>
    steps.reduce((sum, each, i) => sum + value(each) * shares[i]!, 0);
  const updates = steps[0]!.updates.map((first, slot) => {
    const average = new Float32Array(first.length);
    steps.forEach((each, i) => {
      const update = each.updates[slot]!;
      for (let k = 0; k < average.length; k++) average[k] = average[k]! + update[k]! * shares[i]!;
    });
    return average;
  });
  return { loss: mean(({ loss }) => loss), accuracy: mean(({ accuracy }) => accuracy), updates };
}

/** Even parts of a batch; each has a seed of its own. */
function splitBatch(batch: TrainingBatch, parts: number): TrainingBatch[] {
  const count = batch.labels.length;
  const imageSize = batch.images.length / count;
  const classes = (batch.teacher?.length ?? 0) / count;
  return Array.from({ length: parts }, (_, i) => {
    const [first, end] = [Math.floor((i * count) / parts), Math.floor(((i + 1) * count) / parts)];
    return {
      images: batch.images.subarray(first * imageSize, end * imageSize),
      labels: batch.labels.slice(first, end),
      ...(batch.teacher && { teacher: batch.teacher.subarray(first * classes, end * classes) }),
      seed: batch.seed + i,
    };
  });
}

/** Like Promise.all, but a failure waits for the others too: until then they read the shared memory. */
async function allSettled<T>(promises: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}

function disposeOnce(workers: readonly WasmWorker[], session: number): () => void {
  let disposed = false;
  return () => {
    if (disposed) return;
    disposed = true;
    // A worker that has ended has nothing left to free.
    for (const worker of workers) worker.ask({ kind: 'dispose', session }).catch(() => undefined);
  };
}
