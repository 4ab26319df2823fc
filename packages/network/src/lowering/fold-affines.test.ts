import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { LayerGraph } from '@tersor/core';
import { chainOfLayers, type Link } from '../../test/chain-of-layers.js';
import { run } from '../../test/masked-run.js';
import { activationLayer } from './activations.js';
import { channelAffine, rescalingLayer } from './affine.js';
import { foldAffines } from './fold-affines.js';
import type { LoweredLayer } from './lowered-layer.js';

beforeAll(() => tf.setBackend('cpu'));

const values = (length: number, seed: number) =>
  Float32Array.from({ length }, (_, i) => Math.cos(seed + 3 * i));

function convolution(activation: string, hasBias: boolean): LoweredLayer {
  const kernel = { name: 'kernel', shape: [1, 1, 3, 3], data: values(9, 1), trainable: true };
  const bias = { name: 'bias', shape: [3], data: values(3, 2), trainable: true };
  return {
    className: 'Conv2D',
    config: {
      filters: 3,
      kernel_size: [1, 1],
      strides: [1, 1],
      padding: 'same',
      activation,
      use_bias: hasBias,
    },
    weights: hasBias ? [kernel, bias] : [kernel],
  };
}

async function difference(one: LayerGraph, other: LayerGraph): Promise<number> {
  const image = tf.tensor(values(24, 4), [2, 2, 2, 3]);
  const [[a], [b]] = [await run(one, [image]), await run(other, [image])];
  image.dispose();
  return Math.max(...a!.map((value, i) => Math.abs(value - b![i]!)));
}

const unit = (seed: number) => channelAffine(Float32Array.of(1, 1, 1), values(3, seed));
const scaled = (seed: number) => channelAffine(values(3, seed), values(3, seed + 1));

it.each([
  [
    'a sum after a convolution into its new bias',
    [
      ['conv', convolution('linear', false)],
      ['sum', unit(5)],
    ],
  ],
  [
    'a sum after a convolution into the bias that it has',
    [
      ['conv', convolution('linear', true)],
      ['sum', unit(5)],
    ],
  ],
  [
    'scalings of channels one after another',
    [
      ['conv', scaled(5)],
      ['b', scaled(6)],
      ['c', rescalingLayer(2, 1)],
    ],
  ],
  [
    'scalings of numbers',
    [
      ['conv', rescalingLayer(2, 1)],
      ['b', rescalingLayer(3, -2)],
    ],
  ],
] as [string, Link[]][])('folds %s', async (_, links) => {
  const graph = chainOfLayers(3, links);
  const folded = foldAffines(graph);
  expect(folded.calls.map(({ layer }) => layer)).toEqual(['image', 'conv']);
  expect(folded.layers[1]!.className).toBe(links[0]![1].className);
  expect(await difference(graph, folded)).toBeLessThan(1e-5);
});

it('keeps what is read twice, what an activation lies before, and a batch norm that is trained', () => {
  const trained: LoweredLayer = { ...scaled(3), config: { ...scaled(3).config, trainable: true } };
  const kept: Link[][] = [
    [
      ['conv', convolution('linear', false)],
      ['sum', unit(5)],
      ['both', { className: 'Add', config: {} }, 'conv', 'sum'],
    ],
    [
      ['conv', convolution('relu', false)],
      ['sum', unit(5)],
    ],
    [
      ['conv', convolution('linear', false)],
      ['scaled', scaled(5)],
    ],
    [
      ['norm', trained],
      ['sum', unit(5)],
    ],
    [
      ['relu', activationLayer('relu')],
      ['sum', unit(5)],
    ],
  ];
  for (const links of kept) {
    const graph = chainOfLayers(3, links);
    expect(foldAffines(graph)).toBe(graph);
  }
});
