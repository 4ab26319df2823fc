import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { LayerGraph } from '@tersor/core';
import { chainOfLayers, type Link } from '../../test/chain-of-layers.js';
import { run } from '../../test/masked-run.js';
import { activationLayer, hardSigmoidLayer, limitedRelu } from './activations.js';
import { channelAffine, rescalingLayer } from './affine.js';
import type { LoweredLayer } from './lowered-layer.js';
import { withSpelledActivations } from './recognise.js';

beforeAll(() => tf.setBackend('cpu'));

const vector = (scale: number, offset: number): LoweredLayer =>
  channelAffine(new Float32Array(3).fill(scale), new Float32Array(3).fill(offset));
const multiply: LoweredLayer = { className: 'Multiply', config: {} };

const SPELLINGS: [string, Link[], string[]][] = [
  [
    'of numbers, as Keras and TensorFlow write it',
    [
      ['shift', rescalingLayer(1, 3)],
      ['cut', limitedRelu(6)],
      ['sixth', rescalingLayer(1 / 6, 0)],
    ],
    ['image', 'cut'],
  ],
  [
    'of vectors, as ONNX has it',
    [
      ['shift', vector(1, 3)],
      ['cut', { className: 'ReLU', config: { max_value: 6 } }],
      ['sixth', vector(1 / 6, 0)],
    ],
    ['image', 'cut'],
  ],
  [
    'whose division stands after the product that it gates, a hard swish',
    [
      ['shift', rescalingLayer(1, 3)],
      ['cut', limitedRelu(6)],
      ['product', multiply, 'image', 'cut'],
      ['sixth', rescalingLayer(1 / 6, 0)],
    ],
    ['image', 'cut', 'product'],
  ],
  [
    'that is cut at 1',
    [
      ['line', rescalingLayer(0.2, 0.5)],
      ['cut', limitedRelu(1)],
    ],
    ['image', 'cut'],
  ],
  [
    'whose upper limit is a minimum of its own',
    [
      ['shift', rescalingLayer(1, 3)],
      ['cut', activationLayer('relu')],
      ['turned', rescalingLayer(-1, 6)],
      ['again', activationLayer('relu')],
      ['back', rescalingLayer(-1, 6)],
      ['sixth', rescalingLayer(1 / 6, 0)],
    ],
    ['image', 'cut'],
  ],
];

async function outputs(graph: LayerGraph): Promise<Float32Array[]> {
  const image = tf.tensor(
    Float32Array.from({ length: 24 }, (_, i) => 7 * Math.sin(i)),
    [2, 2, 2, 3],
  );
  try {
    return await run(graph, [image]);
  } finally {
    image.dispose();
  }
}

it.each(SPELLINGS)(
  'makes one layer of a hard sigmoid %s, which computes the same',
  async (_, links, left) => {
    const graph = chainOfLayers(3, links);
    const found = withSpelledActivations(graph);
    expect(found.calls.map(({ layer }) => layer)).toEqual(left);
    const { className, config } = found.layers.find(({ name }) => name === 'cut')!;
    expect(className).toBe('TersorHardSigmoid');
    expect(config['alpha']).toBeCloseTo(links[0]![0] === 'line' ? 0.2 : 1 / 6, 12);
    expect(config['beta']).toBe(0.5);
    const [[before], [after]] = [await outputs(graph), await outputs(found)];
    expect(Math.max(...before!.map((value, i) => Math.abs(value - after![i]!)))).toBeLessThan(1e-6);
  },
);

it('leaves alone what is no hard sigmoid: other numbers, parts that others read, a product with itself', () => {
  const shift: Link = ['shift', rescalingLayer(1, 3)];
  const cut: Link = ['cut', limitedRelu(6)];
  const others: Link[][] = [
    [shift, cut, ['sixth', rescalingLayer(1 / 5, 0)]],
    [shift, cut, ['sixth', rescalingLayer(1 / 6, 1)]],
    [shift, ['cut', activationLayer('relu')], ['sixth', rescalingLayer(1 / 6, 0)]],
    [
      shift,
      cut,
      ['sixth', rescalingLayer(1 / 6, 0)],
      ['sum', { className: 'Add', config: {} }, 'sixth', 'cut'],
    ],
    [shift, cut, ['square', multiply, 'cut', 'cut'], ['sixth', rescalingLayer(1 / 6, 0)]],
    [
      ['shift', channelAffine(Float32Array.of(1, 1, 1), Float32Array.of(3, 3, 2))],
      cut,
      ['sixth', vector(1 / 6, 0)],
    ],
  ];
  for (const links of others) {
    const graph = chainOfLayers(3, links);
    expect(withSpelledActivations(graph)).toBe(graph);
  }
});

it('keeps a hard sigmoid that is there already', () => {
  const graph = chainOfLayers(3, [['gate', hardSigmoidLayer()]]);
  expect(withSpelledActivations(graph)).toBe(graph);
});
