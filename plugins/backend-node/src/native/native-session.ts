import { inferencePlan, type InferencePlan } from '@tersor/network';
import {
  elementCount,
  TersorError,
  type InferenceSession,
  type LayerGraph,
  type Precision,
} from '@tersor/core';
import { nativeOperations, type NativeOperations } from './native-operations.js';
import { prepareStep, type NativeStep } from './native-steps.js';
import { stockLayer, type StockLayer } from './stock-layer.js';
import type { TensorflowKernelBackend } from '../tensorflow-binding.js';

/**
 * Bytes that the largest result of a batch should take at most: past the processor's caches a larger batch
 * gains nothing.
 */
const BATCH_BYTES = 32 * 2 ** 20;
const LARGEST_BATCH = 256;

/** A session, and what it holds in the native library that tfjs does not count. */
export interface NativeSession extends InferenceSession {
  held(): { readonly tensors: number; readonly bytes: number };
}

/**
 * Compiles a network into calls of TensorFlow operations on native handles, in the given precision from the
 * first layer to the last; the result is float32. Batch norm is folded into the kernels in float32, before
 * they are rounded.
 */
export async function compileNative(
  backend: TensorflowKernelBackend,
  graph: LayerGraph,
  precision: Precision,
): Promise<NativeSession> {
  const plan = inferencePlan(graph);
  const native = nativeOperations(backend.binding, precision);
  const weights: number[] = [];
  const models: StockLayer[] = [];
  const steps: NativeStep[][] = [];
  for (const { operation, activation } of plan.steps) {
    const stock =
      operation.kind === 'layer' ? await stockLayer(backend, native, precision, operation) : undefined;
    if (stock) models.push(stock);
    const known =
      operation.kind === 'input' || operation.kind === 'layer' || operation.kind === 'activation'
        ? undefined
        : operation;
    steps.push([...(stock ? [stock.run] : []), ...prepareStep(native, known, activation, weights)]);
  }
  moveBehindPooling(plan, steps);
  const batch = batchSize(graph);
  const sampleSize = elementCount(plan.inputShape);
  let disposed = false;
  return {
    held: () => native.held(),
    async run(images) {
      if (disposed) throw new TersorError('MODEL_INVALID', 'The session is disposed.');
      const count = images.length / sampleSize;
      const outputs = elementCount(plan.outputShape);
      const result = new Float32Array(count * outputs);
      for (let first = 0; first < count; first += batch) {
        const size = Math.min(batch, count - first);
        const input = native.upload(
          [size, ...plan.inputShape],
          images.subarray(first * sampleSize, (first + size) * sampleSize),
        );
        result.set(runBatch(native, precision, plan, steps, input), first * outputs);
        // The operations run on this thread: let timers and signals through between batches.
        await new Promise(setImmediate);
      }
      return result;
    },
    dispose() {
      if (disposed) return;
      disposed = true;
      weights.forEach(native.free);
      models.forEach(({ dispose }) => dispose());
    },
  };
}

/**
 * Moves a convolution's bias and ReLU after the max pooling that alone reads it: both are monotone in each
 * channel, so the numbers stay the same, and there are a quarter as many of them.
 */
function moveBehindPooling({ steps, output }: InferencePlan, operations: NativeStep[][]): void {
  steps.forEach(({ operation, activation }, index) => {
    if (
      operation.kind !== 'convolution' ||
      index === output ||
      (activation && !activation.name.startsWith('relu'))
    )
      return;
    const readers = steps.flatMap(({ inputs }, reader) =>
      inputs.filter((source) => source === index).map(() => reader),
    );
    if (readers.length !== 1 || steps[readers[0]!]!.operation.kind !== 'max-pool') return;
    const count = Number(operation.bias !== undefined) + Number(activation !== undefined);
    const own = operations[index]!;
    operations[readers[0]!]!.splice(1, 0, ...own.splice(own.length - count, count));
  });
}

function runBatch(
  native: NativeOperations,
  precision: Precision,
  plan: InferencePlan,
  steps: readonly NativeStep[][],
  input: number,
): Float32Array {
  const results = new Map<number, number>();
  try {
    plan.steps.forEach(({ operation, inputs, release }, index) => {
      if (operation.kind === 'input') results.set(index, input);
      else
        results.set(
          index,
          runChain(
            native,
            steps[index]!,
            inputs.map((source) => results.get(source)!),
          ),
        );
      for (const source of release) {
        native.free(results.get(source)!);
        results.delete(source);
      }
    });
    const output = results.get(plan.output)!;
    if (precision === 'float32') return native.read(output);
    const exact = native.cast(output, precision, 'float32');
    results.set(plan.steps.length, exact);
    return native.read(exact);
  } finally {
    results.forEach(native.free);
  }
}

/** Runs operations one after the other and frees the results between them. */
function runChain(
  native: NativeOperations,
  [first, ...rest]: readonly NativeStep[],
  inputs: readonly number[],
): number {
  let result = first!(inputs);
  for (const step of rest) {
    const next = step([result]);
    native.free(result);
    result = next;
  }
  return result;
}

function batchSize(graph: LayerGraph): number {
  const largest = Math.max(
    ...graph.calls.map(({ outputShape }) =>
      outputShape.reduce<number>((size, side) => size * (side ?? 1), 4),
    ),
  );
  return Math.max(1, Math.min(LARGEST_BATCH, Math.floor(BATCH_BYTES / largest)));
}
