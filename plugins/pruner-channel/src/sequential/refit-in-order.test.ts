import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { channelGroups, crossProductsOfTensors, graphFromModel } from '@tersor/network';
import type { Backend, LayerGraph, PrunePlan } from '@tersor/core';
import {
  outputOf,
  read,
  smoothImages,
  squaredError,
  withDrawnWeights,
} from '../../../../packages/network/test/smooth-images.js';
import { tfjsBackend } from '../../../../packages/network/test/tfjs-backend.js';
import { ChannelPruner } from '../channel-pruner.js';
import plugin from '../index.js';

const { layers } = tfl;
const backend = tfjsBackend();
beforeAll(() => tf.setBackend('cpu'));

const dataset = smoothImages([6, 6, 3]);
/** All positions of all images, and hardly any pull. */
const EXACT = { images: 50, points: 36, ridge: 1e-6 };

async function prepared(graph: LayerGraph, sequential: object | undefined, options: object = {}) {
  const pruner = new ChannelPruner(plugin.options.parse({ images: 50, points: 36, sequential, ...options }));
  const { groups } = channelGroups(graph);
  await pruner.prepare({ graph, groups, dataset, backend, seed: 1 });
  const planOf = (share: number): PrunePlan =>
    groups.map((group) => pruner.plan(group, { channels: Math.ceil(share * group.channels) }));
  return { pruner, planOf };
}

/** Squared errors of the outputs when half of the channels went: as applied, and finished. */
async function errors(graph: LayerGraph, share = 0.5): Promise<{ applied: number; finished: number }> {
  const { pruner, planOf } = await prepared(graph, EXACT);
  const plan = planOf(share);
  const applied = pruner.apply(graph, plan);
  const original = await outputOf(graph, dataset);
  const errorOf = async (network: LayerGraph) => squaredError(original, await outputOf(network, dataset));
  return { applied: await errorOf(applied), finished: await errorOf(await pruner.finish!(applied, plan)) };
}

const chain = () =>
  read(
    layers.conv2d({ inputShape: [6, 6, 3], filters: 8, kernelSize: 3, padding: 'same', activation: 'relu' }),
    layers.conv2d({ filters: 8, kernelSize: 3, padding: 'same', useBias: false }),
    layers.batchNormalization(),
    layers.activation({ activation: 'relu' }),
    layers.conv2d({ filters: 8, kernelSize: 3, strides: 2, padding: 'same', activation: 'relu' }),
    layers.flatten(),
    layers.dense({ units: 6, activation: 'relu' }),
    layers.dense({ units: 4 }),
  );

async function residual(): Promise<LayerGraph> {
  const input = tfl.input({ shape: [6, 6, 3] });
  const apply = (layer: tfl.layers.Layer, to: tfl.SymbolicTensor | tfl.SymbolicTensor[]) =>
    layer.apply(to) as tfl.SymbolicTensor;
  const conv = (filters: number, to: tfl.SymbolicTensor) =>
    apply(layers.conv2d({ filters, kernelSize: 3, padding: 'same', activation: 'relu' }), to);
  let stream = conv(8, input);
  for (let block = 0; block < 2; block++) stream = apply(layers.add(), [stream, conv(8, conv(8, stream))]);
  const output = apply(layers.dense({ units: 3 }), apply(layers.globalAveragePooling2d({}), stream));
  const model = tfl.model({ inputs: input, outputs: output });
  const graph = withDrawnWeights(await graphFromModel(model));
  model.dispose();
  return graph;
}

describe('the refit from the front to the back', () => {
  it('loses less at the outputs than layers refit each by itself, in a chain and in residual blocks', async () => {
    for (const graph of [await chain(), await residual()]) {
      const { applied, finished } = await errors(graph);
      expect(finished).toBeLessThan(0.8 * applied);
    }
  });

  it('makes up in the last layer for all that a linear network lost before, as least squares over it would', async () => {
    // Linear throughout, and the last layer sees 4 of 8 channels: no weights for it give less.
    const graph = await read(
      layers.conv2d({ inputShape: [6, 6, 3], filters: 8, kernelSize: 1 }),
      layers.conv2d({ filters: 8, kernelSize: 1 }),
      layers.conv2d({ filters: 2, kernelSize: 1 }),
    );
    const { pruner, planOf } = await prepared(graph, EXACT);
    const plan = planOf(0.5);
    const finished = await pruner.finish!(pruner.apply(graph, plan), plan);
    const original = await outputOf(graph, dataset);
    const least = squaredError(original, await outputOf(finished, dataset));
    const last = finished.layers.at(-1)!;
    for (const { name, data } of last.weights)
      for (const index of [0, data.length - 1])
        for (const step of [0.02, -0.02]) {
          const moved = data.map((value, i) => (i === index ? value + step : value));
          const changed = {
            ...finished,
            layers: finished.layers.with(-1, {
              ...last,
              weights: last.weights.map((weight) =>
                weight.name === name ? { ...weight, data: moved } : weight,
              ),
            }),
          };
          expect(squaredError(original, await outputOf(changed, dataset))).toBeGreaterThan(least);
        }
  });

  it('gives the original back where three channels say what eight do', async () => {
    // 1x1 kernels of three image channels: what is left spans all that went.
    const graph = await read(
      layers.conv2d({ inputShape: [6, 6, 3], filters: 8, kernelSize: 1 }),
      layers.conv2d({ filters: 8, kernelSize: 1 }),
      layers.conv2d({ filters: 2, kernelSize: 3 }),
    );
    expect((await errors(graph)).finished).toBeLessThan(1e-6);
  });

  it('leaves what was before the first channel that went, and layers over the size as they are', async () => {
    const graph = await chain();
    const { pruner, planOf } = await prepared(graph, EXACT, { maximumInputs: 10 });
    const plan = planOf(0.5);
    const applied = pruner.apply(graph, plan);
    const finished = await pruner.finish!(applied, plan);
    // Convolutions of 4 channels have 36 inputs, over twice maximumInputs; the last two have 4 x 9 and 3.
    const changed = finished.layers.filter((layer, i) => layer.weights !== applied.layers[i]!.weights);
    const names = changed
      .filter(({ weights, name }) => {
        const before = applied.layers.find((layer) => layer.name === name)!;
        return weights.some(({ data }, i) => data !== before.weights[i]!.data);
      })
      .map(({ name }) => name);
    expect(names).toEqual([applied.layers.at(-1)!.name]);
  });

  it('is not there unless it is asked for, and leaves no tensors', async () => {
    const graph = await chain();
    expect((await prepared(graph, undefined)).pruner.finish).toBeUndefined();
    const { pruner, planOf } = await prepared(graph, EXACT);
    const plan = planOf(0.5);
    const applied = pruner.apply(graph, plan);
    await pruner.finish!(applied, plan);
    const before = tf.memory().numTensors;
    await pruner.finish!(applied, plan);
    expect(tf.memory().numTensors).toBe(before);
  });
});

test('frees the sessions of both networks when a product fails', async () => {
  const graph = withDrawnWeights(await chain());
  const { groups } = channelGroups(graph);
  let open = 0;
  let isFailing = false;
  const multiply = crossProductsOfTensors(() => tf.setBackend('cpu'));
  const counted: Backend = {
    ...backend,
    observe: async (network, calls) => {
      const session = await backend.observe(network, calls);
      open++;
      return { run: session.run, dispose: () => (open--, session.dispose()) };
    },
    crossProducts: (x, others, rows) =>
      isFailing ? Promise.reject(new Error('out of memory')) : multiply(x, others, rows),
  };
  const pruner = new ChannelPruner(plugin.options.parse({ images: 50, points: 36, sequential: EXACT }));
  await pruner.prepare({ graph, groups, dataset, backend: counted, seed: 1 });
  const plan = groups.map((group) => pruner.plan(group, { channels: 4 }));
  const applied = pruner.apply(graph, plan);
  isFailing = true;
  await expect(pruner.finish!(applied, plan)).rejects.toThrow('out of memory');
  expect(open).toBe(0);
});
