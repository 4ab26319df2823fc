import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { LayerGraph } from '@tersor/core';
import { disposeModel, graphFromModel, withRoundedActivations } from '@tersor/network';
import { quantized } from '../../test/quantize.js';
import { drawWeights, expectSameGraph } from '../../test/same-outputs.js';

const L = tfl.layers;

/** All kinds of kernels that codes are given for, and a batch norm after each. */
async function network(): Promise<LayerGraph> {
  const model = tfl.sequential({
    layers: [
      L.conv2d({
        inputShape: [8, 8, 3],
        filters: 12,
        kernelSize: 3,
        padding: 'same',
        useBias: false,
        name: 'conv',
      }),
      L.batchNormalization({ name: 'norm1' }),
      L.reLU({ name: 'relu1' }),
      L.depthwiseConv2d({ kernelSize: 3, padding: 'same', name: 'depthwise' }),
      L.batchNormalization({ name: 'norm2' }),
      L.reLU({ name: 'relu2', maxValue: 3 }),
      L.separableConv2d({
        filters: 8,
        kernelSize: 3,
        depthMultiplier: 2,
        strides: 2,
        name: 'separable',
        activation: 'relu',
      }),
      L.conv2dTranspose({ filters: 6, kernelSize: 3, strides: 2, name: 'transposed', activation: 'relu' }),
      L.flatten({ name: 'flat' }),
      L.dense({ units: 10, name: 'dense' }),
    ],
  });
  const graph = await graphFromModel(model);
  disposeModel(model);
  return drawWeights(graph, 3);
}

beforeAll(() => tf.setBackend('cpu'));

test.each([1, 2, 3, 4, 5, 6, 7, 8])('%i bits, linear by channel: the same network', async (bits) => {
  const { graph, codes } = quantized(await network(), bits);
  await expectSameGraph(graph, 1e-4, { quantization: { codes } });
});

test.each([2, 4, 8])('%i bits, linear for the whole array, zero anywhere: the same network', async (bits) => {
  const { graph, codes } = quantized(await network(), bits, { codec: 'asymmetric', byChannel: false });
  await expectSameGraph(graph, 1e-4, { quantization: { codes } });
});

test.each([
  [2, true],
  [4, false],
  [4, true],
  [8, false],
])('%i bits, code books, one for each channel: %s: the same network', async (bits, byChannel) => {
  const { graph, codes } = quantized(await network(), bits, { codec: 'codebook', byChannel });
  await expectSameGraph(graph, 1e-4, { quantization: { codes } });
});

it('takes 8, 4 or 2 bits for a weight, whichever is enough, and little besides', async () => {
  const floats = await network();
  const kernels = floats.layers.flatMap(({ weights }) =>
    weights.filter(({ name }) => name.endsWith('kernel')),
  );
  const count = kernels.reduce((sum, { data }) => sum + data.length, 0);
  const whole = await expectSameGraph(floats, 1e-4);
  for (const [bits, stored] of [
    [2, 2],
    [3, 4],
    [4, 4],
    [5, 8],
    [8, 8],
  ] as const) {
    const { graph, codes } = quantized(floats, bits);
    const bytes = await expectSameGraph(graph, 1e-4, { quantization: { codes } });
    const overhead = bytes - (count * stored) / 8;
    // A scale for each channel, and three or four nodes and names for each kernel.
    expect(overhead).toBeLessThan(whole - 4 * count + kernels.length * 500);
    const asFloats = await expectSameGraph(graph, 1e-4, { quantization: { codes }, weights: 'float' });
    expect(asFloats).toBe(whole);
  }
});

test.each([1, 3, 4, 8])('%i bits with the norms folded: the same network in fewer bytes', async (bits) => {
  const { graph, codes } = quantized(await network(), bits);
  const kept = await expectSameGraph(graph, 1e-4, { quantization: { codes } });
  const folded = await expectSameGraph(graph, 1e-4, { quantization: { codes }, norms: 'folded' });
  // Of both norms a bias stays, of five numbers for each channel: the convolution has 12, its depthwise one,
  // too.
  expect(folded).toBeLessThan(kept - 2 * 12 * 3 * 4);
});

it('rounds activations as they were evaluated, and folds the norms between', async () => {
  const { graph, codes } = quantized(await network(), 8);
  const activations = Object.fromEntries(
    ['conv', 'depthwise', 'separable', 'dense'].map((layer) => [
      layer,
      { bits: 8, least: layer === 'conv' ? -1 : 0, most: 3 },
    ]),
  );
  const expected = withRoundedActivations(graph, activations);
  // Without the integer operators, which round once more.
  const session = { graphOptimizationLevel: 'disabled' } as const;
  await expectSameGraph(graph, 2e-3, { quantization: { codes, activations }, expected, session });
  await expectSameGraph(graph, 2e-2, { quantization: { codes, activations }, expected });
});

it('cuts activations of fewer bits off where their levels end', async () => {
  const { graph, codes } = quantized(await network(), 4);
  const activations = { dense: { bits: 4, least: 0, most: 0.5 } };
  const expected = withRoundedActivations(graph, activations);
  await expectSameGraph(graph, 1e-4, { quantization: { codes, activations }, expected });
});

it('refuses codes that are not those of the weights', async () => {
  const { codes } = quantized(await network(), 4);
  const writing = expectSameGraph(await network(), 1e-4, { quantization: { codes } });
  await expect(writing).rejects.toMatchObject({ code: 'PLAN_MISMATCH' });
});
