import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { createRandom } from '@tersor/core';
import { initializeKernels } from '../graph/initialize-kernels.js';
import { graphFromModel, modelFromGraph } from '../graph/model-graph.js';
import { copyWeights, weightSlots, withWeights } from '../graph/graph-weights.js';
import { compileFused } from './fused-session.js';
import { inferencePlan } from './inference-plan.js';

const { layers } = tfl;
type Symbolic = tfl.SymbolicTensor;

/** Networks that together use every kind of step, and layers that the plan does not know. */
const NETWORKS: Record<string, () => tfl.LayersModel> = {
  'a VGG-like chain': () =>
    tfl.sequential({
      layers: [
        layers.conv2d({ filters: 4, kernelSize: 3, padding: 'same', useBias: false, inputShape: [8, 8, 3] }),
        layers.batchNormalization(),
        layers.activation({ activation: 'relu' }),
        layers.maxPooling2d({ poolSize: 2 }),
        layers.conv2d({ filters: 5, kernelSize: 3, strides: 2, activation: 'relu6' }),
        layers.dropout({ rate: 0.5 }),
        layers.flatten(),
        layers.dense({ units: 4, activation: 'softmax' }),
      ],
    }),
  'a residual block with a shared layer': () => {
    const input = tfl.input({ shape: [6, 6, 3] });
    const shared = layers.conv2d({ filters: 3, kernelSize: 3, padding: 'same' });
    const first = layers
      .leakyReLU({ alpha: 0.2 })
      .apply(layers.batchNormalization().apply(shared.apply(input))) as Symbolic;
    const sum = layers.add().apply([shared.apply(first) as Symbolic, input]) as Symbolic;
    const normalized = layers.batchNormalization().apply(sum) as Symbolic;
    const merged = layers.concatenate().apply([normalized, sum]) as Symbolic;
    return tfl.model({ inputs: input, outputs: layers.globalAveragePooling2d({}).apply(merged) as Symbolic });
  },
  'depthwise, separable, padded and averaged': () =>
    tfl.sequential({
      layers: [
        layers.zeroPadding2d({
          padding: [
            [0, 1],
            [1, 0],
          ],
          inputShape: [7, 7, 3],
        }),
        layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, useBias: false }),
        layers.batchNormalization(),
        layers.reLU({ maxValue: 6 }),
        layers.separableConv2d({ filters: 4, kernelSize: 3, padding: 'same', activation: 'tanh' }),
        layers.averagePooling2d({ poolSize: 2, padding: 'same' }),
        layers.reshape({ targetShape: [36] }),
        layers.dense({ units: 3, activation: 'sigmoid' }),
      ],
    }),
  'layers that only stock tfjs knows': () => {
    const input = tfl.input({ shape: [4, 4, 2] });
    const bent = layers.prelu({ alphaInitializer: 'randomUniform' }).apply(input) as Symbolic;
    const larger = layers.upSampling2d({ size: [2, 2] }).apply(bent) as Symbolic;
    const product = layers
      .multiply()
      .apply([larger, layers.activation({ activation: 'softplus' }).apply(larger) as Symbolic]) as Symbolic;
    return tfl.model({ inputs: input, outputs: layers.globalMaxPooling2d({}).apply(product) as Symbolic });
  },
};

async function networkAndImages(make: () => tfl.LayersModel, count: number) {
  const model = make();
  const drawn = initializeKernels(await graphFromModel(model), 1);
  model.dispose();
  const random = createRandom(2);
  const vectors = weightSlots(drawn).map(({ weight }) =>
    weight.name.endsWith('kernel') ? weight.data : weight.data.map(() => 0.5 + random.uniform()),
  );
  const graph = withWeights(drawn, vectors);
  const size = graph.calls[graph.inputs[0]!]!.outputShape.reduce<number>(
    (product, each) => product * each!,
    1,
  );
  return { graph, images: Float32Array.from({ length: count * size }, () => random.normal()) };
}

describe('compileFused', () => {
  beforeAll(() => tf.setBackend('cpu'));

  it.each(Object.entries(NETWORKS))('gives what the stock model gives: %s', async (_name, make) => {
    const { graph, images } = await networkAndImages(make, 5);
    const stock = await modelFromGraph(graph);
    const expected = (
      stock.predict(tf.tensor(images, [5, ...(stock.inputs[0]!.shape.slice(1) as number[])])) as tf.Tensor
    ).dataSync();
    const session = await compileFused(graph, { batchSize: 2 });
    const result = await session.run(images);
    expect(result.length).toBe(expected.length);
    result.forEach((value, i) => expect(Math.abs(value - expected[i]!)).toBeLessThan(1e-4));
    session.dispose();
  });

  it('leaves nothing behind', async () => {
    const { graph, images } = await networkAndImages(NETWORKS['layers that only stock tfjs knows']!, 3);
    const before = tf.memory().numTensors;
    const session = await compileFused(graph);
    await session.run(images);
    const held = tf.memory().numTensors;
    for (let i = 0; i < 5; i++) await session.run(images);
    expect(tf.memory().numTensors).toBe(held);
    session.dispose();
    session.dispose();
    expect(tf.memory().numTensors).toBe(before);
    expect(copyWeights(graph).every((data) => data.every(Number.isFinite))).toBe(true);
  });

  it('takes no images', async () => {
    const { graph } = await networkAndImages(NETWORKS['a VGG-like chain']!, 0);
    const session = await compileFused(graph);
    expect(await session.run(new Float32Array())).toHaveLength(0);
    session.dispose();
  });
});

describe('inferencePlan', () => {
  it('folds batch norm and activation into the convolution before them', async () => {
    const { graph } = await networkAndImages(NETWORKS['a VGG-like chain']!, 0);
    expect(
      inferencePlan(graph).steps.map(({ operation, activation }) => [operation.kind, activation?.name]),
    ).toEqual([
      ['input', undefined],
      ['convolution', 'relu'],
      ['max-pool', undefined],
      ['convolution', 'relu6'],
      ['reshape', undefined],
      ['dense', 'softmax'],
    ]);
  });
});
