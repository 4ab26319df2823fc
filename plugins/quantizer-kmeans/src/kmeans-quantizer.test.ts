import { decodeTensor, createRandom, type QuantizerInput } from '@tersor/core';
import { describeContract, quantizerContract } from '@tersor/testing';
import fc from 'fast-check';
import { cluster, sortValues } from './cluster.js';
import { KmeansQuantizer } from './kmeans-quantizer.js';

const perTensor = () => new KmeansQuantizer({ granularity: 'tensor', iterations: 50 }, 1);
const perChannel = () => new KmeansQuantizer({ granularity: 'channel', iterations: 50 }, 1);

describeContract('k-means, one code book per array', quantizerContract(perTensor));
describeContract('k-means, one code book per channel', quantizerContract(perChannel));

const calibrate = { images: 10, points: 5, maximumInputs: 100 };
describeContract(
  'k-means, calibrated, one code book per array',
  quantizerContract(() => new KmeansQuantizer({ granularity: 'tensor', iterations: 50, calibrate }, 1)),
);
describeContract(
  'k-means, calibrated, one code book per channel',
  quantizerContract(() => new KmeansQuantizer({ granularity: 'channel', iterations: 50, calibrate }, 1)),
);

const kernel = (values: number[]): QuantizerInput => ({
  name: 'dense/kernel',
  shape: [values.length, 1],
  data: Float32Array.from(values),
  channelAxis: 1,
});

it('finds the centres of well-separated clusters', () => {
  const centres = [-4, -1, 2, 8];
  const values = centres.flatMap((centre) => [centre - 0.125, centre, centre + 0.125]);
  expect([...cluster(sortValues(Float32Array.from(values)), 4, 50, createRandom(3))]).toEqual(centres);
});

it('ends where every centroid is the mean of the values nearest to it', () => {
  fc.assert(
    fc.property(
      fc.array(fc.float({ noNaN: true, min: -100, max: 100 }), { minLength: 1, maxLength: 200 }),
      fc.integer({ min: 1, max: 16 }),
      (values, count) => {
        const centroids = [...cluster(sortValues(Float32Array.from(values)), count, 1000, createRandom(1))];
        const nearest = values.map((value) =>
          centroids.reduce(
            (best, centroid, k) =>
              Math.abs(value - centroid) < Math.abs(value - centroids[best]!) ? k : best,
            0,
          ),
        );
        return centroids.every((centroid, k) => {
          const members = values.filter((_, i) => nearest[i] === k);
          // Values halfway between two centroids may go to either side.
          const tied = values.some((value) =>
            centroids.some(
              (other, j) => j !== k && Math.abs(Math.abs(value - other) - Math.abs(value - centroid)) < 1e-4,
            ),
          );
          return (
            tied ||
            Math.abs(members.reduce((sum, value) => sum + value, 0) / members.length - centroid) < 1e-4
          );
        });
      },
    ),
  );
});

it('keeps exact zeros apart: their code stands for 0, and the others for no zero', () => {
  const encoded = perTensor().encode(kernel([0, 0, 0, 1, 1.5, -2, -2.5, 0]), 2);
  expect(encoded.codebook.filter((value) => value === 0)).toHaveLength(1);
  expect([...decodeTensor(encoded)].map((value) => value === 0)).toEqual([
    true,
    true,
    true,
    false,
    false,
    false,
    false,
    true,
  ]);
});

it('has no code for zero where no weight is zero', () => {
  expect([...perTensor().encode(kernel([1, -1, 3, -3]), 2).codebook]).toEqual([-3, -1, 1, 3]);
});

it('moves each centroid with the mean of its members when it refines', () => {
  const quantizer = perTensor();
  const input = kernel([-1, -1, 0, 1, 1, 5]);
  const encoded = quantizer.encode(input, 2);
  const refined = quantizer.refine(kernel([-1, -1.5, 0, 1.25, 1.25, 5.5]), encoded);
  expect([...decodeTensor(refined)]).toEqual([-1.25, -1.25, 0, 1.25, 1.25, 5.5]);
});

it('draws its seeds from the seed and the name of the weight', () => {
  const input = kernel(Array.from({ length: 500 }, (_, i) => Math.sin(i * 78.233)));
  const few = (seed: number) =>
    new KmeansQuantizer({ granularity: 'tensor', iterations: 1 }, seed).encode(input, 4).codebook;
  expect(few(1)).toEqual(few(1));
  expect(few(1)).not.toEqual(few(2));
});
