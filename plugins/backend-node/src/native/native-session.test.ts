import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import {
  fakeQuantize,
  graphFromModel,
  initializeKernels,
  modelFromGraph,
  withRoundedActivations,
} from '@tersor/network';
import type { LayerGraph } from '@tersor/core';
import { describeWhereAvailable, testBackend } from '../../test/where-available.js';

const { layers } = tfl;
const backend = testBackend();

/** Numbers without a pattern that a sum could cancel, in -1..1. */
function spread(count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, i) => Math.sin(i * 12.9898 + (i % 7)));
}

/** Every kind of step that a session has, and one layer that only the stock tfjs layer can run. */
function everyStep(activation: 'softmax' | 'linear'): tfl.LayersModel {
  const input = layers.input({ shape: [12, 12, 3] });
  const stem = layers
    .activation({ activation: 'relu' })
    .apply(
      layers
        .batchNormalization()
        .apply(
          layers
            .conv2d({ filters: 8, kernelSize: 3, strides: 2, padding: 'same', useBias: false })
            .apply(input),
        ),
    );
  const depthwise = layers
    .reLU({ maxValue: 6 })
    .apply(layers.depthwiseConv2d({ kernelSize: 3, padding: 'same' }).apply(stem));
  const dilated = layers
    .conv2d({ filters: 8, kernelSize: 3, dilationRate: 2, padding: 'same', activation: 'elu' })
    .apply(stem);
  const sum = layers.add().apply([depthwise, dilated, stem] as tfl.SymbolicTensor[]);
  const scaled = layers.batchNormalization().apply(sum);
  const joined = layers.concatenate().apply([scaled, stem] as tfl.SymbolicTensor[]);
  const leaky = layers
    .leakyReLU({ alpha: 0.25 })
    .apply(layers.separableConv2d({ filters: 6, kernelSize: 3 }).apply(joined));
  const padded = layers
    .zeroPadding2d({
      padding: [
        [1, 0],
        [0, 1],
      ],
    })
    .apply(leaky);
  const pooled = layers
    .averagePooling2d({ poolSize: 2, strides: 1 })
    .apply(layers.maxPooling2d({ poolSize: 2, strides: 1, padding: 'same' }).apply(padded));
  const stock = layers.upSampling2d({ size: [2, 2] }).apply(pooled);
  const flat = layers
    .concatenate()
    .apply([
      layers.globalAveragePooling2d({}).apply(stock),
      layers.flatten().apply(pooled),
    ] as tfl.SymbolicTensor[]);
  const hidden = layers.dense({ units: 7, activation: 'tanh' }).apply(flat);
  const output = layers.dense({ units: 5, activation }).apply(hidden) as tfl.SymbolicTensor;
  return tfl.model({ inputs: input, outputs: output });
}

async function prepared(
  activation: 'softmax' | 'linear' = 'softmax',
): Promise<{ graph: LayerGraph; images: Float32Array; expected: Float32Array }> {
  await backend.activate();
  const model = everyStep(activation);
  // Statistics and offsets away from their neutral start, so that a fold that forgets one shows.
  for (const layer of model.layers) {
    const moved = layer.getWeights().map((weight) =>
      tf.tensor(
        spread(weight.size).map((value) => 0.6 + 0.3 * value),
        weight.shape,
      ),
    );
    if (layer.getClassName() === 'BatchNormalization') layer.setWeights(moved);
  }
  const graph = initializeKernels(await graphFromModel(model), 4);
  const images = spread(5 * 432);
  const stock = await modelFromGraph(graph);
  const expected = tf.tidy(
    () => (stock.predict(tf.tensor(images, [5, 12, 12, 3])) as tf.Tensor).dataSync() as Float32Array,
  );
  stock.dispose();
  model.dispose();
  return { graph, images, expected: Float32Array.from(expected) };
}

const difference = (a: Float32Array, b: Float32Array) =>
  Math.max(...a.map((value, i) => Math.abs(value - b[i]!)));

const norm = (values: Float32Array) => Math.hypot(...values);

describeWhereAvailable('a session of the node backend', () => {
  it('gives what the stock model predicts in float32, for every kind of step', async () => {
    const { graph, images, expected } = await prepared();
    const session = await backend.compile(graph);
    const result = await session.run(images);
    expect(result).toHaveLength(25);
    expect(difference(result, expected)).toBeLessThan(1e-5);
    session.dispose();
  });

  it('rounds activations, in float32 as if the images had been rounded', async () => {
    await backend.activate();
    const model = tfl.sequential({
      layers: [
        layers.conv2d({
          name: 'only',
          filters: 6,
          kernelSize: 3,
          padding: 'same',
          activation: 'relu',
          inputShape: [12, 12, 3],
        }),
        layers.flatten(),
      ],
    });
    const graph = initializeKernels(await graphFromModel(model), 4);
    model.dispose();
    const [images, range] = [spread(5 * 432), { least: -0.7, most: 0.7 }];
    const [float, simulated] = [
      await backend.compile(graph),
      await backend.compile(withRoundedActivations(graph, { only: { bits: 3, ...range } })),
    ];
    const expected = await float.run(fakeQuantize(images, range, 3));
    expect(difference(await simulated.run(images), expected)).toBeLessThan(1e-5);
    expect(difference(await float.run(images), expected)).toBeGreaterThan(0.05);
    [float, simulated].forEach((session) => session.dispose());
  });

  it('has a relative error under two percent in bfloat16, and really computes in bfloat16', async () => {
    const { graph, images, expected } = await prepared('linear');
    const session = await backend.compile(graph, { precision: 'bfloat16' });
    const result = await session.run(images);
    const error = norm(result.map((value, i) => value - expected[i]!)) / norm(expected);
    expect(error).toBeLessThan(0.02);
    expect(error).toBeGreaterThan(1e-4);
    session.dispose();
  });

  it('convolves odd numbers of channels right in bfloat16', async () => {
    await backend.activate();
    for (const channels of [1, 3, 13, 63]) {
      const model = tfl.sequential({
        layers: [
          layers.conv2d({ filters: 9, kernelSize: 3, padding: 'same', inputShape: [8, 8, channels] }),
          layers.flatten(),
        ],
      });
      const graph = initializeKernels(await graphFromModel(model), channels);
      model.dispose();
      const images = spread(2 * 64 * channels);
      const [exact, rounded] = await Promise.all(
        (['float32', 'bfloat16'] as const).map(async (precision) =>
          (await backend.compile(graph, { precision })).run(images),
        ),
      );
      expect(norm(rounded!.map((value, i) => value - exact![i]!)) / norm(exact!)).toBeLessThan(0.02);
    }
  });

  it.each(['float32', 'bfloat16'] as const)(
    "gives the stock model's numbers where it computes more channels than asked for (%s)",
    async (precision) => {
      await backend.activate();
      const model = tfl.sequential({
        layers: [
          layers.conv2d({ filters: 171, kernelSize: 3, activation: 'sigmoid', inputShape: [5, 5, 3] }),
          layers.conv2d({ filters: 177, kernelSize: 2 }),
          layers.flatten(),
        ],
      });
      const graph = initializeKernels(await graphFromModel(model), 5);
      model.dispose();
      const images = spread(2 * 75);
      const stock = await modelFromGraph(graph);
      const expected = tf.tidy(() =>
        Float32Array.from((stock.predict(tf.tensor(images, [2, 5, 5, 3])) as tf.Tensor).dataSync()),
      );
      stock.dispose();
      const session = await backend.compile(graph, { precision });
      const result = await session.run(images);
      expect(result).toHaveLength(2 * 4 * 177);
      expect(norm(result.map((value, i) => value - expected[i]!)) / norm(expected)).toBeLessThan(
        precision === 'float32' ? 1e-5 : 0.02,
      );
      session.dispose();
    },
  );

  // Without a detour this ends the process: oneDNN divides by zero.
  it.each(['float32', 'bfloat16'] as const)(
    'convolves 256 channels to 1024 by a 1x1 kernel (%s)',
    async (precision) => {
      await backend.activate();
      const model = tfl.sequential({
        layers: [layers.conv2d({ filters: 1024, kernelSize: 1, inputShape: [1, 1, 256] }), layers.flatten()],
      });
      const graph = initializeKernels(await graphFromModel(model), 6);
      model.dispose();
      const images = spread(256);
      const kernel = graph.layers
        .flatMap((layer) => layer.weights)
        .find(({ name }) => name === 'kernel')!.data;
      const expected = Float32Array.from({ length: 1024 }, (_, o) =>
        images.reduce((sum, value, i) => sum + value * kernel[i * 1024 + o]!, 0),
      );
      const session = await backend.compile(graph, { precision });
      const result = await session.run(images);
      expect(norm(result.map((value, i) => value - expected[i]!)) / norm(expected)).toBeLessThan(
        precision === 'float32' ? 1e-5 : 0.02,
      );
      session.dispose();
    },
  );

  it('pools convolutions with a bias and a ReLU as the stock model does, whether or not somebody else reads them', async () => {
    await backend.activate();
    const input = layers.input({ shape: [8, 8, 3] });
    const convolve = (activation: 'relu' | 'linear', x: unknown) =>
      layers
        .conv2d({ filters: 6, kernelSize: 3, padding: 'same', activation })
        .apply(x as tfl.SymbolicTensor) as tfl.SymbolicTensor;
    const pool = (x: tfl.SymbolicTensor) =>
      layers.maxPooling2d({ poolSize: 3, strides: 2, padding: 'same' }).apply(x) as tfl.SymbolicTensor;
    const first = convolve('relu', input);
    const read = convolve('linear', pool(first));
    const clipped = layers.reLU({ maxValue: 6 }).apply(read) as tfl.SymbolicTensor;
    const model = tfl.model({
      inputs: input,
      outputs: layers
        .flatten()
        .apply(layers.concatenate().apply([pool(clipped), pool(read)])) as tfl.SymbolicTensor,
    });
    for (const layer of model.layers)
      layer.setWeights(layer.getWeights().map((weight) => tf.tensor(spread(weight.size), weight.shape)));
    const graph = await graphFromModel(model);
    const images = spread(2 * 192);
    const expected = tf.tidy(() =>
      Float32Array.from((model.predict(tf.tensor(images, [2, 8, 8, 3])) as tf.Tensor).dataSync()),
    );
    model.dispose();
    const session = await backend.compile(graph);
    expect(difference(await session.run(images), expected)).toBeLessThan(1e-4);
    session.dispose();
  });

  it('splits images into batches without a change of the results', async () => {
    const { graph, images } = await prepared();
    const session = await backend.compile(graph);
    const many = new Float32Array(images.length * 60);
    for (let i = 0; i < 60; i++) many.set(images, i * images.length);
    const few = await session.run(images);
    const results = await session.run(many);
    expect(results).toHaveLength(300 * 5);
    expect(difference(results.slice(-25), few)).toBeLessThan(1e-6);
    session.dispose();
  });

  it('holds nothing more after many batches, and nothing at all once disposed', async () => {
    const { graph, images } = await prepared();
    const before = backend.memory();
    for (const precision of ['float32', 'bfloat16'] as const) {
      const session = await backend.compile(graph, { precision });
      await session.run(images);
      const once = backend.memory();
      for (let i = 0; i < 20; i++) await session.run(images);
      expect(backend.memory()).toEqual(once);
      session.dispose();
      session.dispose();
      expect(backend.memory()).toEqual(before);
    }
  });
});
