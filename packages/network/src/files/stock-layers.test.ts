import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as tfl from '@tensorflow/tfjs-layers';
import { ownLayer } from '../../test/own-layers-network.js';
import { run } from '../../test/masked-run.js';
import { withRandomWeights } from '../../test/random-network.js';
import { graphFromModel } from '../graph/model-graph.js';
import { stockLayers } from './stock-layers.js';

beforeAll(() => tf.setBackend('cpu'));

async function networkOf(className: string, config: Record<string, unknown>) {
  const input = tfl.input({ shape: [6, 5, 4] });
  const output = ownLayer(className, { name: 'own', ...config }).apply(input) as tfl.SymbolicTensor;
  return withRandomWeights(await graphFromModel(tfl.model({ inputs: input, outputs: output })), 2);
}

const image = Float32Array.from({ length: 120 }, (_, i) => 3 * Math.sin(i));

test.each([
  ['TersorPad2D', { padding: [[1, 0], [2, 3]], mode: 'constant' }, 'ZeroPadding2D'], // prettier-ignore
  ['TersorPooling2D', { operation: 'max', poolSize: 2, padding: [[0, 0], [0, 0]] }, 'MaxPooling2D'], // prettier-ignore
  ['TersorPooling2D', { operation: 'average', poolSize: [3, 2], strides: 1, padding: [[0, 0], [0, 0]] }, 'AveragePooling2D'], // prettier-ignore
  ['TersorGroupedConv2D', { groups: 1, filters: 3, kernelSize: 3, activation: 'relu' }, 'Conv2D'],
  ['TersorGroupedConv2D', { groups: 4, filters: 8, kernelSize: 3, padding: 'same' }, 'DepthwiseConv2D'],
  ['TersorResize2D', { size: [12, 15], interpolation: 'nearest', coordinates: 'half_pixel' }, 'UpSampling2D'],
  ['TersorSlice', { axis: 2, start: 1, end: 4 }, 'Cropping2D'],
  ['TersorHardSigmoid', { alpha: 0.2, beta: 0.5 }, 'Activation'],
])('%s %j becomes %s, which gives the same', async (className, config, stock) => {
  const graph = await networkOf(className, config);
  const lowered = stockLayers(graph);
  expect(lowered.layers[1]).toMatchObject({ name: 'own', className: stock });
  const input = tf.tensor(image, [1, 6, 5, 4]);
  const [[expected], [found]] = [await run(graph, [input]), await run(lowered, [input])];
  expect(Math.max(...found!.map((value, i) => Math.abs(value - expected![i]!)))).toBeLessThan(1e-5);
  input.dispose();
});

test.each([
  ['TersorPad2D', { padding: [[1, 0], [2, 3]], mode: 'edge' }], // prettier-ignore
  ['TersorPooling2D', { operation: 'max', poolSize: 2, padding: [[1, 0], [0, 0]] }], // prettier-ignore
  ['TersorGroupedConv2D', { groups: 2, filters: 4, kernelSize: 3 }],
  ['TersorResize2D', { size: [12, 10], interpolation: 'bilinear' }],
  [
    'TersorResize2D',
    { size: [12, 7], interpolation: 'nearest', coordinates: 'asymmetric', rounding: 'floor' },
  ],
  ['TersorSlice', { axis: 3, start: 0, end: 2 }],
  ['TersorChannelShuffle', { groups: 2 }],
  ['TersorHardSigmoid', { alpha: 1 / 6, beta: 0.5 }],
])('%s %j is refused by name', async (className, config) => {
  const graph = await networkOf(className, config);
  expect(() => stockLayers(graph)).toThrow(
    `layers that stock TensorFlow.js does not have: "own" (${className}).`,
  );
});

it('refuses gelu_new, which TensorFlow.js writes and does not read again', async () => {
  const input = tfl.input({ shape: [4] });
  const layer = tfl.layers.activation({ name: 'curve', activation: 'gelu_new' });
  const graph = await graphFromModel(
    tfl.model({ inputs: input, outputs: layer.apply(input) as tfl.SymbolicTensor }),
  );
  expect(() => stockLayers(graph)).toThrow('"curve" (Activation)');
});
