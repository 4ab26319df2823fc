import type { LayerGraph } from '@tersor/core';
import { imagesPerBatch } from './images-per-batch.js';

const graphOf = (...shapes: number[][]): LayerGraph => ({
  name: 'test',
  layers: [],
  calls: shapes.map((outputShape) => ({ layer: 'test', inputs: [], outputShape })),
  inputs: [0],
  outputs: [shapes.length - 1],
});

it('takes as many images as keep the largest result of a batch below 256 MiB', () => {
  // 4 bytes x 224 x 224 x 64 = 12.25 MiB: 20 of them.
  expect(imagesPerBatch(graphOf([224, 224, 3], [224, 224, 64], [10]))(20)).toBe(20);
  expect(imagesPerBatch(graphOf([224, 224, 3], [224, 224, 64], [10]))(1)).toBe(1);
});

it('cuts more images than that into equal batches', () => {
  expect(imagesPerBatch(graphOf([224, 224, 64]))(21)).toBe(11);
  expect(imagesPerBatch(graphOf([32, 32, 64]))(1030)).toBe(515);
});

it('takes one image where even one is larger', () => {
  expect(imagesPerBatch(graphOf([4096, 4096, 64]))(3)).toBe(1);
});
