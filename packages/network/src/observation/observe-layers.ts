import * as tf from '@tensorflow/tfjs-core';
import type { layers as tfLayers } from '@tensorflow/tfjs-layers';
import { elementCount, TersorError, type LayerGraph, type ObservationSession } from '@tersor/core';
import { disposeModel, modelFromGraph } from '../graph/model-graph.js';
import { notComputable, requireComputable } from '../inference/require-computable.js';
import { imagesAtOnce } from './images-at-once.js';
import { joined } from './joined.js';

/** How a network is observed. */
export interface ObservationOptions {
  /**
   * Makes the backend the active tfjs backend; called before the model is built and before each pass.
   */
  readonly activate: () => Promise<unknown>;
  /** Most images that run at once; fewer if memory is short. Default 32. */
  readonly batchSize?: number;
}

/** A network that is ready to run. */
interface PreparedGraph {
  readonly graph: LayerGraph;
  readonly layers: ReadonlyMap<string, tfLayers.Layer>;
  /** The requested calls, without inputs. */
  readonly asked: ReadonlySet<number>;
  /** For each call, the last needed call that reads its result. */
  readonly lastReaders: ReadonlyMap<number, number>;
}

/**
 * `Backend.observe` for any backend with tfjs kernels. Runs the stock layers of the graph one by one, without
 * folding or fusion. Results are freed after their last reader, and calls that are not needed are not run.
 * Throws `MODEL_INVALID` for a call that does not exist, and `MODEL_UNSUPPORTED` for a layer that tfjs cannot
 * compute.
 */
export async function observeLayers(
  graph: LayerGraph,
  calls: readonly number[],
  { activate, batchSize = 32 }: ObservationOptions,
): Promise<ObservationSession> {
  requireCalls(graph, calls);
  requireComputable(graph);
  const asked = new Set(calls.filter((call) => !graph.inputs.includes(call)));
  await activate();
  // Keep the network's own outputs, so that every layer is part of the model.
  const outputs = [...new Set([...asked, ...graph.outputs])];
  const model = asked.size > 0 ? await modelFromGraph({ ...graph, outputs }) : undefined;
  const prepared: PreparedGraph = {
    graph,
    layers: new Map(model?.layers.map((layer) => [layer.name, layer])),
    asked,
    lastReaders: lastReaders(graph, asked),
  };
  const shapes = graph.inputs.map((call) => graph.calls[call]!.outputShape as readonly number[]);
  const sizes = shapes.map((shape) => elementCount(shape));
  const atOnce = imagesAtOnce(graph, calls, batchSize);
  let disposed = false;
  return {
    run: async (...inputs) => {
      if (disposed) throw new TersorError('MODEL_INVALID', 'The observation session is disposed.');
      const count = inputs[0]!.length / sizes[0]!;
      const parts = new Map([...asked].map((call) => [call, [] as Float32Array[]]));
      for (let start = 0; start < count && asked.size > 0; start += atOnce) {
        const size = Math.min(atOnce, count - start);
        await activate();
        const found = runCalls(prepared, (input) =>
          tf.tensor(
            inputs[input]!.subarray(start * sizes[input]!, (start + size) * sizes[input]!),
            [size, ...shapes[input]!],
            'float32',
          ),
        );
        for (const [call, tensor] of found) {
          parts.get(call)!.push((await tensor.data()) as Float32Array);
          tensor.dispose();
        }
      }
      const results = new Map([...parts].map(([call, arrays]) => [call, joined(arrays)]));
      return calls.map((call) => results.get(call) ?? inputs[graph.inputs.indexOf(call)]!.slice());
    },
    dispose: () => {
      if (disposed) return;
      disposed = true;
      if (model) disposeModel(model);
    },
  };
}

/** Throws `MODEL_INVALID` for a call that a network does not have. */
export function requireCalls({ name, calls }: LayerGraph, asked: readonly number[]): void {
  const wrong = asked.find((call) => !(call in calls));
  if (wrong === undefined) return;
  throw new TersorError('MODEL_INVALID', `Model "${name}" has no call ${wrong} that could be observed.`, {
    hint: `Its calls are 0 to ${calls.length - 1}.`,
  });
}

function lastReaders({ calls }: LayerGraph, asked: ReadonlySet<number>): Map<number, number> {
  const last = new Map<number, number>();
  for (let call = calls.length - 1; call >= 0; call--) {
    if (!asked.has(call) && !last.has(call)) continue;
    for (const input of calls[call]!.inputs) if (!last.has(input)) last.set(input, call);
  }
  return last;
}

/** Runs all calls that are needed; the caller frees the results. `read` creates the tensor of an input. */
function runCalls(
  { graph, layers, asked, lastReaders }: PreparedGraph,
  read: (input: number) => tf.Tensor,
): ReadonlyMap<number, tf.Tensor> {
  const results = new Map<number, tf.Tensor>();
  try {
    graph.calls.forEach((call, index) => {
      if (!asked.has(index) && !lastReaders.has(index)) return;
      const input = graph.inputs.indexOf(index);
      results.set(
        index,
        input >= 0
          ? read(input)
          : tf.tidy(() =>
              applyLayer(
                graph,
                layers.get(call.layer)!,
                call.inputs.map((each) => results.get(each)!),
              ),
            ),
      );
      for (const each of new Set(call.inputs)) {
        if (lastReaders.get(each) !== index || asked.has(each)) continue;
        results.get(each)!.dispose();
        results.delete(each);
      }
    });
  } catch (error) {
    results.forEach((tensor) => tensor.dispose());
    throw error;
  }
  return results;
}

function applyLayer(graph: LayerGraph, layer: tfLayers.Layer, inputs: readonly tf.Tensor[]): tf.Tensor {
  try {
    return layer.apply(inputs.length === 1 ? inputs[0]! : [...inputs]) as tf.Tensor;
  } catch (cause) {
    throw notComputable(graph.layers.find(({ name }) => name === layer.name)!, cause);
  }
}
