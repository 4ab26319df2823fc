import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { channelGroups, graphFromModel } from '@tersor/network';
import { type Dataset, type LayerGraph, type PruneStep } from '@tersor/core';
import { describeContract, prunerContract } from '@tersor/testing';
import { outputOf, read, smoothImages, squaredError } from '../../../packages/network/test/smooth-images.js';
import { tfjsBackend } from '../../../packages/network/test/tfjs-backend.js';
import { ChannelPruner } from './channel-pruner.js';
import plugin from './index.js';

const backend = tfjsBackend();
beforeAll(() => tf.setBackend('cpu'));

const make = (options: Record<string, unknown> = {}) =>
  new ChannelPruner(plugin.options.parse({ images: 60, ...options }));

describeContract(
  'channel pruner, no refit',
  prunerContract(() => make({ reconstruct: 'none' })),
);
describeContract(
  'channel pruner, least squares',
  prunerContract(() => make()),
);
describeContract(
  'channel pruner, least squares channel by channel',
  prunerContract(() => make({ maximumInputs: 10 })),
);
describeContract(
  'channel pruner, Taylor',
  prunerContract(() => make({ criterion: 'taylor', reconstruct: 'none' })),
);
describeContract(
  'channel pruner, random',
  prunerContract(() => make({ criterion: 'random', reconstruct: 'none' })),
);
describeContract(
  'channel pruner, reconstruction',
  prunerContract(() => make({ criterion: 'reconstruction' })),
);
describeContract(
  'channel pruner, ridge by held-out images, channel by channel',
  prunerContract(() => make({ ridge: 'held-out', maximumInputs: 10 })),
);
describeContract(
  'channel pruner, the winner refit in order',
  prunerContract(() => make({ sequential: {} })),
);
describeContract(
  'channel pruner, batch norms re-estimated',
  prunerContract(() => make({ batchNormImages: 40 })),
);

const { layers } = tfl;

/**
 * Mean squared error of the outputs when the first group keeps some channels, without a refit and with one.
 */
async function errors(
  graph: LayerGraph,
  dataset: Dataset,
  keep: number,
  options: Record<string, unknown> = {},
): Promise<[none: number, refit: number]> {
  const { groups } = channelGroups(graph);
  const before = await outputOf(graph, dataset);
  const results: number[] = [];
  for (const reconstruct of ['none', 'least-squares']) {
    const pruner = make({ reconstruct, images: 50, ridge: 1e-8, ...options });
    await pruner.prepare({ graph, groups, dataset, backend, seed: 1 });
    results.push(
      squaredError(
        before,
        await outputOf(pruner.apply(graph, [pruner.plan(groups[0]!, { channels: keep })]), dataset),
      ),
    );
  }
  return results as [number, number];
}

const first = (filters: number, more = {}) =>
  layers.conv2d({
    name: 'a',
    filters,
    kernelSize: 3,
    padding: 'same',
    activation: 'relu',
    inputShape: [6, 6, 2],
    ...more,
  });

test.each<[string, () => tfl.layers.Layer[], number?]>([
  [
    '3x3 convolution',
    () => [first(8), layers.conv2d({ name: 'b', filters: 4, kernelSize: 3, padding: 'same' })],
  ],
  [
    'strided convolution',
    () => [first(8), layers.conv2d({ name: 'b', filters: 4, kernelSize: 3, strides: 2, padding: 'same' })],
  ],
  [
    'dilated convolution',
    () => [
      first(8),
      layers.conv2d({ name: 'b', filters: 4, kernelSize: 2, dilationRate: 2, padding: 'valid' }),
    ],
  ],
  [
    'convolution whose batch norm takes the offset',
    () => [
      first(8),
      layers.conv2d({ name: 'b', filters: 4, kernelSize: 1, useBias: false }),
      layers.batchNormalization({}),
    ],
  ],
  // The depthwise part (random here) filters each channel in its own way, so channels say little about each
  // other.
  [
    'separable convolution',
    () => [first(8), layers.separableConv2d({ name: 'b', filters: 4, kernelSize: 3, padding: 'same' })],
    0.95,
  ],
  [
    'dense layer after a pooling',
    () => [first(8), layers.globalAveragePooling2d({}), layers.dense({ name: 'b', units: 3 })],
  ],
  [
    'dense layer after a flatten',
    () => [
      first(4),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.flatten(),
      layers.dense({ name: 'b', units: 3 }),
    ],
  ],
])('the refit of a %s loses much less than dropping channels', async (_, build, share = 0.5) => {
  const graph = await read(...build());
  const dataset = smoothImages([6, 6, 2]);
  const keep = graph.layers.some(({ className }) => className === 'Flatten') ? 3 : 5;
  const [none, refit] = await errors(graph, dataset, keep, { points: 100 });
  expect(refit).toBeLessThan(share * none);
});

test('a channel that is a copy of another can go without a loss', async () => {
  const graph = await read(
    first(6),
    layers.conv2d({ name: 'b', filters: 4, kernelSize: 3, padding: 'same' }),
  );
  const copied: LayerGraph = {
    ...graph,
    layers: graph.layers.map((layer) =>
      layer.name === 'a'
        ? {
            ...layer,
            weights: layer.weights.map((weight) => ({
              ...weight,
              data: weight.data.map((_, i) => weight.data[i % 6 >= 3 ? i - 3 : i]!),
            })),
          }
        : layer,
    ),
  };
  // Criterion and seed leave open which three stay; a copy of each must be among them for the refit to be
  // exact, so channels 0..2 are made important.
  const dataset = smoothImages([6, 6, 2]);
  const { groups } = channelGroups(copied);
  const pruner = make({ images: 50, points: 36, ridge: 1e-8 });
  await pruner.prepare({ graph: copied, groups, dataset, backend, seed: 1 });
  const step: PruneStep = { pruner: 'channel', group: 'a', keep: [0, 1, 5] };
  expect(
    squaredError(await outputOf(copied, dataset), await outputOf(pruner.apply(copied, [step]), dataset)),
  ).toBeLessThan(1e-6);
});

test('the channel-by-channel refit is worse than the whole one, and better than none', async () => {
  const graph = await read(
    first(8),
    layers.conv2d({ name: 'b', filters: 4, kernelSize: 3, padding: 'same' }),
  );
  const dataset = smoothImages([6, 6, 2]);
  const [none, byChannel] = await errors(graph, dataset, 5, { points: 36, maximumInputs: 10 });
  const [, whole] = await errors(graph, dataset, 5, { points: 36 });
  expect(whole).toBeLessThan(byChannel);
  expect(byChannel).toBeLessThan(0.8 * none);
});

test('slices that were zeroed stay zero in the refit', async () => {
  const graph = await read(
    first(6),
    layers.conv2d({ name: 'b', filters: 4, kernelSize: 3, padding: 'same' }),
  );
  const zeroed: LayerGraph = {
    ...graph,
    layers: graph.layers.map((layer) =>
      layer.name === 'b'
        ? {
            ...layer,
            weights: layer.weights.map((weight) => ({
              ...weight,
              data: weight.data.map((value, i) => (i % 4 === 1 ? 0 : value)),
            })),
          }
        : layer,
    ),
  };
  const { groups } = channelGroups(graph);
  const pruner = make();
  await pruner.prepare({ graph, groups, dataset: smoothImages([6, 6, 2]), backend, seed: 1 });
  const kernel = pruner
    .apply(zeroed, [{ pruner: 'channel', group: 'a', keep: [0, 2, 5] }])
    .layers.find(({ name }) => name === 'b')!.weights[0]!.data;
  expect([...kernel.keys()].filter((i) => kernel[i] === 0)).toEqual(
    [...kernel.keys()].filter((i) => i % 4 === 1),
  );
});

test('no tensors stay behind', async () => {
  const graph = await read(
    first(6),
    layers.conv2d({ name: 'b', filters: 4, kernelSize: 3, padding: 'same' }),
    layers.batchNormalization({}),
    layers.flatten(),
    layers.dense({ units: 2 }),
  );
  const { groups } = channelGroups(graph);
  const dataset = smoothImages([6, 6, 2]);
  const before = tf.memory().numTensors;
  const pruner = make({ criterion: 'taylor', batchNormImages: 30 });
  await pruner.prepare({ graph, groups, dataset, backend, seed: 1 });
  const plan = groups.map((group) => pruner.plan(group, { channels: 2 }));
  await pruner.adapt(pruner.apply(graph, plan), plan);
  expect(tf.memory().numTensors).toBe(before);
});

describe('re-estimated batch norms', () => {
  let graph: LayerGraph;
  beforeAll(async () => {
    graph = await read(
      first(8, { activation: 'linear' }),
      layers.batchNormalization({ name: 'before' }),
      layers.reLU({}),
      layers.conv2d({ name: 'b', filters: 4, kernelSize: 3, padding: 'same', useBias: false }),
      layers.batchNormalization({ name: 'after' }),
      layers.flatten(),
      layers.dense({ units: 2 }),
    );
  });
  const dataset = smoothImages([6, 6, 2]);
  const pruned = async (options: Record<string, unknown>, plan?: PruneStep[]) => {
    const pruner = make(options);
    const { groups } = channelGroups(graph);
    await pruner.prepare({ graph, groups, dataset, backend, seed: 1 });
    const steps = plan ?? [pruner.plan(groups[0]!, { channels: 4 })];
    const applied = pruner.apply(
      graph,
      steps.filter((step) => step.pruner === pruner.id),
    );
    return { applied, adapted: await pruner.adapt(applied, steps) };
  };
  const moments = (of: LayerGraph, layer: string) =>
    of.layers
      .find(({ name }) => name === layer)!
      .weights.filter(({ name }) => name.startsWith('moving_'))
      .map(({ data }) => data);

  test('off, the pruner does what it did; on, it differs in the statistics after the cut alone', async () => {
    const off = await pruned({});
    expect(off.adapted).toBe(off.applied);
    const on = await pruned({ batchNormImages: 50 });
    expect(on.applied).toEqual(off.applied);
    expect(moments(on.adapted, 'before')).toEqual(moments(off.applied, 'before'));
    expect(moments(on.adapted, 'after')).not.toEqual(moments(off.applied, 'after'));
  });

  test('the batch norm after a pruned convolution gets the mean and variance of its input over the images', async () => {
    // All 50 images there are, so that the sample is known.
    const { adapted } = await pruned({ batchNormImages: 50 });
    const values = await outputOf(
      {
        ...adapted,
        outputs: [adapted.calls.find(({ layer }) => layer === 'after')!.inputs[0]!, ...adapted.outputs],
      },
      dataset,
    );
    const [mean, variance] = moments(adapted, 'after');
    for (let channel = 0; channel < 4; channel++) {
      const of = Array.from(values).filter((_, i) => i % 4 === channel);
      const expected = of.reduce((sum, value) => sum + value, 0) / of.length;
      expect(mean![channel]).toBeCloseTo(expected, 4);
      expect(variance![channel]).toBeCloseTo(
        of.reduce((sum, value) => sum + (value - expected) ** 2, 0) / of.length,
        4,
      );
    }
  });

  test('the sample is drawn by the seed: the same twice', async () => {
    expect((await pruned({ batchNormImages: 20 })).adapted).toEqual(
      (await pruned({ batchNormImages: 20 })).adapted,
    );
    expect(moments((await pruned({ batchNormImages: 20 })).adapted, 'after')).not.toEqual(
      moments((await pruned({ batchNormImages: 30 })).adapted, 'after'),
    );
  });

  test('slices that another pruner zeroed move the statistics after them too', async () => {
    const zeroing = (slices: number[]): PruneStep[] => [
      { pruner: 'other', group: 'a', zeroSlices: [{ layer: 'b', slices }] },
    ];
    const { applied, adapted } = await pruned({ batchNormImages: 20 }, zeroing([1]));
    expect(moments(adapted, 'before')).toEqual(moments(applied, 'before'));
    expect(moments(adapted, 'after')).not.toEqual(moments(applied, 'after'));
    const nothing = await pruned({ batchNormImages: 20 }, zeroing([]));
    expect(nothing.adapted).toBe(nothing.applied);
  });

  test('there must be training images', async () => {
    const pruning = make({ batchNormImages: 20 }).prepare({
      graph,
      groups: channelGroups(graph).groups,
      dataset: { ...dataset, size: () => 0 },
      backend,
      seed: 1,
    });
    await expect(pruning).rejects.toMatchObject({ code: 'DATASET_INVALID' });
  });
});

test('no tensors of a layer that is called twice stay behind', async () => {
  const input = tfl.input({ shape: [6, 6, 2] });
  const twice = layers.conv2d({ name: 'twice', filters: 3, kernelSize: 3, padding: 'same' });
  const left = twice.apply(
    layers.conv2d({ name: 'a', filters: 4, kernelSize: 1 }).apply(input),
  ) as tfl.SymbolicTensor;
  const right = twice.apply(
    layers.conv2d({ name: 'b', filters: 4, kernelSize: 1 }).apply(input),
  ) as tfl.SymbolicTensor;
  const graph = await graphFromModel(
    tfl.model({
      inputs: input,
      outputs: layers.flatten().apply(layers.add().apply([left, right])) as tfl.SymbolicTensor,
    }),
  );
  const before = tf.memory().numTensors;
  await make().prepare({
    graph,
    groups: channelGroups(graph).groups,
    dataset: smoothImages([6, 6, 2]),
    backend,
    seed: 1,
  });
  expect(tf.memory().numTensors).toBe(before);
});

test('refuses groups that it was not prepared for', () => {
  expect(() => make().plan({ name: 'x', channels: 3, members: [] }, { channels: 1 })).toThrow(
    expect.objectContaining({ code: 'PLAN_MISMATCH' }),
  );
  expect(() =>
    make().apply({ name: 'x', layers: [], calls: [], inputs: [], outputs: [] }, [
      { pruner: 'channel', group: 'x' },
    ]),
  ).toThrow(expect.objectContaining({ code: 'PLAN_MISMATCH' }));
});

test('Taylor ranks the channels of frozen layers as those of others', async () => {
  const graph = await read(
    layers.conv2d({ name: 'first', filters: 6, kernelSize: 3, inputShape: [6, 6, 1] }),
    layers.conv2d({ name: 'second', filters: 4, kernelSize: 3 }),
    layers.flatten(),
    layers.dense({ units: 2 }),
  );
  const freeze = (layer: LayerGraph['layers'][number]) => ({
    ...layer,
    config: { ...layer.config, trainable: false },
  });
  const frozen = { ...graph, layers: graph.layers.map(freeze) };
  const kept = async (network: LayerGraph) => {
    const pruner = make({ criterion: 'taylor', reconstruct: 'none' });
    const { groups } = channelGroups(network);
    await pruner.prepare({ graph: network, groups, dataset: smoothImages([6, 6, 1]), backend, seed: 1 });
    return groups.map((group) => pruner.plan(group, { channels: 2 }).keep);
  };
  expect(await kept(frozen)).toEqual(await kept(graph));
  expect(await kept(graph)).not.toEqual([
    [0, 1],
    [0, 1],
  ]);
});
