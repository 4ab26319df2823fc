import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { LayerGraph, PruneConfig } from '@tersor/core';
import type { EpisodeRecord } from '@tersor/rl';
import fc from 'fast-check';
import { inferenceBackend, plantedImages } from '../../test/planted-images.js';
import { createEvaluator, type Evaluator } from '../training/evaluator.js';
import { withWeights, graphFromModel } from '@tersor/network';
import { createRacing, type RacingState } from './racing.js';

const COUNT = 1200;
const dataset = plantedImages(COUNT);
const backend = inferenceBackend;
const RACING = { images: 100, confidence: 0.99 };
const HALVING = { by: 'halving', images: 100, keep: 0.5 } as const;

describe('createRacing', () => {
  let base: LayerGraph;
  beforeAll(async () => {
    await tf.setBackend('cpu');
    base = await graphFromModel(
      tfl.sequential({
        layers: [
          tfl.layers.flatten({ inputShape: [1, 1, 2] }),
          tfl.layers.dense({ units: 2, useBias: false }),
        ],
      }),
    );
  });

  /**
   * Right for three quarters with `threshold` 1, for a half where it is out of reach, for less with the sign
   * turned.
   */
  const network = (threshold: number, sign = 1) =>
    withWeights(base, [Float32Array.of(sign, 0, 0, sign * threshold)]);
  const newEvaluator = () =>
    createEvaluator({ backend, dataset, split: 'validation', racing: { images: RACING.images, seed: 1 } });

  /**
   * A search whose candidates are given: runs them through a race and keeps the best, as the search loop
   * does.
   */
  async function run(
    thresholds: readonly number[],
    options: {
      evaluator?: Evaluator;
      state?: RacingState;
      best?: EpisodeRecord;
      rewardOf?: (accuracy: number, threshold: number) => number;
      racing?: PruneConfig['racing'];
    } = {},
  ) {
    const { evaluator = await newEvaluator(), rewardOf = (accuracy) => accuracy, racing = RACING } = options;
    const race = createRacing(
      evaluator,
      racing,
      options.state && structuredClone(options.state),
      options.best?.reward,
    );
    let best = options.best;
    const records: EpisodeRecord[] = [];
    for (const threshold of thresholds) {
      const rewardAt = (accuracy: number) => rewardOf(accuracy, threshold);
      const { accuracy } = await race.evaluate(network(Math.abs(threshold), Math.sign(threshold)), {
        policy: { threshold },
        rewardAt,
      });
      const record: EpisodeRecord = {
        episode: records.length + 1,
        actions: [],
        reward: rewardAt(accuracy),
        measures: { accuracy },
        policy: { threshold },
        statistics: {},
        seconds: 0,
      };
      if (!best || record.reward > best.reward) best = record;
      records.push(race.finished(record, best));
    }
    return { records, best, images: race.images(), state: race.state(), evaluations: evaluator.evaluations };
  }

  test('a candidate that is far behind stops after the first images, with an accuracy near its own; the first and the one that wins see all', async () => {
    const { records, images } = await run([5, -1, 1, 5.5]);
    expect(records.map(({ measures }) => measures['images'])).toEqual([COUNT, 100, COUNT, 100]);
    expect([records[0]!.reward, records[2]!.reward]).toEqual([0.5, 0.75]);
    for (const [i, accuracy] of [
      [1, 0.25],
      [3, 0.5],
    ] as const)
      expect(Math.abs(records[i]!.reward - accuracy)).toBeLessThan(0.1);
    expect(images).toBe(2 * COUNT + 200);
  });

  test('by halving, a candidate sees twice as many images while it is in the better half, so that one that is not far behind stops later', async () => {
    // Right for 75%, 50%, 25% and 50%: the last is second of four after 100 images, second of two after 200.
    const { records } = await run([1, 5, -1, 5.5], { racing: HALVING });
    expect(records.map(({ measures }) => measures['images'])).toEqual([COUNT, 100, 100, 200]);
  });

  test.each([
    ['confidence', RACING],
    ['halving', HALVING],
  ])(
    'by %s, whatever the candidates are, the best of them was measured on all images, and tensors are freed',
    async (_, racing) => {
      const evaluator = await newEvaluator();
      const tensors = tf.memory().numTensors;
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.double({ min: -2, max: 2, noNaN: true }), { minLength: 1, maxLength: 6 }),
          async (thresholds) => {
            const { records, best } = await run(thresholds, { evaluator, racing });
            expect(records.find(({ reward }) => reward === best!.reward)!.measures['images']).toBe(COUNT);
            for (const [i, { reward, measures }] of records.entries()) {
              if (records.slice(0, i).every((before) => reward > before.reward))
                expect(measures['images']).toBe(COUNT);
            }
          },
        ),
        { numRuns: 15, seed: 1 },
      );
      expect(tf.memory().numTensors).toBe(tensors);
    },
  );

  test('what counts is the reward: a less accurate candidate that wins by its costs is measured on all images', async () => {
    // The farther the threshold, the cheaper.
    const { records, best } = await run([1, 5], { rewardOf: (accuracy, threshold) => accuracy + threshold });
    expect(records.map(({ measures }) => measures)).toEqual([
      { accuracy: 0.75, images: COUNT },
      { accuracy: 0.5, images: COUNT },
    ]);
    expect(best!.reward).toBe(5.5);
  });

  test('a policy that comes again keeps its measurement, though it would be dropped by now', async () => {
    const { records, evaluations, images } = await run([5, 1, 5]);
    expect(records[2]).toMatchObject({ reward: 0.5, measures: { images: COUNT } });
    expect([evaluations, images]).toEqual([2, 2 * COUNT]);
  });

  test.each([
    ['confidence', RACING],
    ['halving', HALVING],
  ])(
    'by %s, goes on from its state and the best reward to exactly what an uninterrupted race gives',
    async (_, racing) => {
      const thresholds = [5, 1, 0.9, 5, -1, 1.1, 0.7, -1, 1];
      const whole = await run(thresholds, { racing });
      for (const stop of [1, 2, 4, 8]) {
        const first = await run(thresholds.slice(0, stop), { racing });
        const rest = await run(thresholds.slice(stop), {
          state: first.state,
          best: first.best!,
          racing,
        });
        expect(
          [...first.records, ...rest.records].map(({ reward, measures }) => ({ reward, measures })),
        ).toEqual(whole.records.map(({ reward, measures }) => ({ reward, measures })));
        expect(rest.images).toBe(whole.images);
      }
    },
  );

  test('an environment that does not tell its candidates has them measured on all images', async () => {
    const evaluator = await newEvaluator();
    const race = createRacing(evaluator, RACING, undefined, 0.9);
    expect(await race.evaluate(network(5))).toEqual({ accuracy: 0.5 });
  });
});
