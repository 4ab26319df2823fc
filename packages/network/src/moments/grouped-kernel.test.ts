import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { createRandom, type LayerGraph } from '@tersor/core';
import { run } from '../../test/masked-run.js';
import { crossProductsOn } from './cross-products.js';
import { gatherKernelMoments } from './kernel-moments.js';
import { kernelOf, kernelReaders, outputsOf } from './kernel-reader.js';
import { stockBackend } from './observe-stock.js';

beforeAll(() => tf.setBackend('cpu'));

const random = createRandom(3, 'grouped');
const drawn = (length: number) => Float32Array.from({ length }, () => 0.3 + random.normal());

/** Two groups of 3 inputs and 2 outputs. */
const graph: LayerGraph = {
  name: 'grouped',
  layers: [
    {
      name: 'image',
      className: 'InputLayer',
      config: { name: 'image', batch_input_shape: [null, 4, 4, 6], dtype: 'float32' },
      weights: [],
    },
    {
      name: 'grouped',
      className: 'TersorGroupedConv2D',
      config: {
        ...{ name: 'grouped', filters: 4, groups: 2, kernel_size: [3, 3], strides: [1, 1] },
        ...{ padding: 'valid', dilation_rate: [1, 1], use_bias: false, activation: 'linear' },
      },
      weights: [{ name: 'kernel', shape: [3, 3, 3, 4], data: drawn(108), trainable: true }],
    },
  ],
  calls: [
    { layer: 'image', inputs: [], outputShape: [4, 4, 6] },
    { layer: 'grouped', inputs: [0], outputShape: [2, 2, 4] },
  ],
  inputs: [0],
  outputs: [1],
  metadata: {},
};
const images = drawn(5 * 96);

it('multiplies every group of the kernel with its own inputs: the mean of the rows gives that of the outputs', async () => {
  const [reader] = kernelReaders(graph);
  const gathered = await gather();
  const found = outputsOf(reader!, gathered.mean, [kernelOf(reader!, 'kernel')]);
  const x = tf.tensor(images, [5, 4, 4, 6]);
  const [outputs] = await run(graph, [x]);
  x.dispose();
  for (let channel = 0; channel < 4; channel++) {
    let sum = 0;
    for (let at = channel; at < outputs!.length; at += 4) sum += outputs![at]!;
    expect(found[channel]).toBeCloseTo(sum / (outputs!.length / 4), 4);
  }
});

it('has moments with which the error of other weights is what the network shows', async () => {
  const { moments } = await gather();
  const { matrices, inputs, outputs, matrixStride, inputStride, products } = moments!;
  expect([matrices, inputs, outputs]).toEqual([2, 27, 2]);
  const kernel = kernelOf(kernelReaders(graph)[0]!, 'kernel');
  const other = drawn(108);
  // sum over groups and outputs of d' M d, for the change d of a column.
  let error = 0;
  for (let group = 0; group < matrices; group++)
    for (let o = 0; o < outputs; o++) {
      const at = (i: number) => group * matrixStride + i * inputStride + o;
      for (let i = 0; i < inputs; i++)
        for (let j = 0; j < inputs; j++)
          error +=
            (other[at(i)]! - kernel[at(i)]!) *
            products[group]![i * inputs + j]! *
            (other[at(j)]! - kernel[at(j)]!);
    }
  const changed: LayerGraph = {
    ...graph,
    layers: graph.layers.map((layer) => ({
      ...layer,
      weights: layer.weights.map((weight) => ({ ...weight, data: other })),
    })),
  };
  const x = tf.tensor(images, [5, 4, 4, 6]);
  const [[before], [after]] = [await run(graph, [x]), await run(changed, [x])];
  x.dispose();
  const shown = before!.reduce((sum, value, i) => sum + (value - after![i]!) ** 2, 0) / 20;
  expect(error).toBeCloseTo(shown, 2);
});

function gather() {
  const [reader] = kernelReaders(graph);
  const own = { data: images, shape: [5, 4, 4, 6] as const };
  async function* batches() {
    yield { own };
  }
  return gatherKernelMoments(reader!, 'kernel', batches(), {
    ...{ points: 100, maximumInputs: 1000, random: createRandom(1, 'points') },
    multiply: crossProductsOn(stockBackend),
  });
}
