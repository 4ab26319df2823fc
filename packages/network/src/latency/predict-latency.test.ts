import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { LatencyTable, LayerGraph } from '@tersor/core';
import fc from 'fast-check';
import { randomNetwork, KINDS, type Instruction } from '../../test/random-network.js';
import { channelGroups } from '../groups/channel-groups.js';
import { graphFromModel } from '../graph/model-graph.js';
import { removeAll } from '../surgery/remove-channels.js';
import { callChannels, channelsOf } from './call-channels.js';
import { latencySites } from './latency-sites.js';
import { interpolate, predictLatency, channelLatency } from './predict-latency.js';

const entry = (layer: string, inputs: number[], outputs: number[], milliseconds: number[][]) => ({
  layer,
  className: 'Conv2D',
  inputs,
  outputs,
  milliseconds,
});
const tableOf = (layers: LatencyTable['layers']): LatencyTable => ({
  version: 1,
  model: { name: 'm', fingerprint: '' },
  backend: 'cpu',
  machine: '',
  versions: {},
  details: {},
  images: 1,
  transfer: 0.5,
  layers,
  check: [],
});

describe('interpolate', () => {
  const timeOf = interpolate(
    entry(
      'a',
      [1, 5],
      [2, 4, 8],
      [
        [1, 3, 5],
        [5, 7, 13],
      ],
    ),
  );

  it.each([
    [1, 2, 1],
    [5, 8, 13],
    [1, 3, 2],
    [3, 2, 3],
    // Halfway in the inputs and halfway between 4 and 8 outputs: the mean of 3, 5, 7 and 13.
    [3, 6, 7],
    [2, 6, 4 + 0.25 * (10 - 4)],
  ])('is bilinear: %d inputs and %d outputs take %d', (inputs, outputs, expected) =>
    expect(timeOf(inputs, outputs)).toBeCloseTo(expected, 12),
  );

  it('stays constant beyond the measured channel counts, and along an axis that was measured once', () => {
    expect(timeOf(0, 1)).toBe(1);
    expect(timeOf(9, 99)).toBe(13);
    expect(interpolate(entry('a', [3], [1, 3], [[1, 2]]))(77, 2)).toBe(1.5);
  });

  it('evens out what was measured out of order', () => {
    const uneven = interpolate(entry('a', [3], [1, 2, 3], [[4, 2, 5]]));
    expect([1, 2, 3].map((count) => uneven(3, count))).toEqual([3, 3, 5]);
  });

  it('never lets a wider layer be faster than a narrower one', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.double({ min: 0, max: 9, noNaN: true }), { minLength: 3, maxLength: 3 }), {
          minLength: 3,
          maxLength: 3,
        }),
        fc.nat(9),
        fc.nat(9),
        fc.nat(3),
        fc.nat(3),
        (milliseconds, i, o, di, doo) => {
          const time = interpolate(entry('a', [1, 4, 9], [1, 4, 9], milliseconds));
          expect(time(i + di, o + doo)).toBeGreaterThanOrEqual(time(i, o) - 1e-12);
        },
      ),
      { seed: 1, numRuns: 200 },
    );
  });
});

describe('of a whole network', () => {
  let graph: LayerGraph;
  beforeAll(async () => {
    await tf.setBackend('cpu');
    const { layers } = tfl;
    const model = tfl.sequential({
      layers: [
        layers.conv2d({
          name: 'c1',
          filters: 4,
          kernelSize: 3,
          padding: 'same',
          useBias: false,
          inputShape: [4, 4, 3],
        }),
        layers.batchNormalization({ name: 'bn' }),
        layers.activation({ name: 'relu', activation: 'relu' }),
        layers.maxPooling2d({ name: 'pool', poolSize: 2 }),
        layers.conv2d({ name: 'c2', filters: 6, kernelSize: 3, padding: 'same' }),
        layers.flatten({ name: 'flat' }),
        layers.dense({ name: 'head', units: 2 }),
      ],
    });
    graph = await graphFromModel(model);
    model.dispose();
  });
  const table = tableOf([
    entry('c1', [3], [1, 4], [[10, 40]]),
    entry('pool', [4], [1, 4], [[1, 4]]),
    entry(
      'c2',
      [1, 4],
      [1, 6],
      [
        [100, 600],
        [400, 2400],
      ],
    ),
    entry('head', [4, 24], [2], [[1000], [6000]]),
  ]);

  it('times a layer with the batch norm, activation and flatten after it', () => {
    expect(latencySites(graph).map(({ name, calls, mixes }) => [name, calls.length, mixes])).toEqual([
      ['c1', 3, true],
      ['pool', 1, false],
      ['c2', 2, true],
      ['head', 1, true],
    ]);
  });

  it('adds up transfer and layers, with all channels and with channels removed', () => {
    expect(predictLatency(table, graph)).toBeCloseTo(0.5 + 40 + 4 + 2400 + 6000, 9);
    const { groups } = channelGroups(graph);
    const pruned = removeAll(graph, [
      { group: groups[0]!, keep: [0, 2] },
      { group: groups[1]!, keep: [1, 2, 5] },
    ]);
    // c1: 2 of 4 outputs; c2: 2 inputs, 3 outputs, 100 i o; head: 3 channels of 4 positions.
    const expected = 0.5 + 20 + 2 + 600 + 3000;
    expect(predictLatency(table, pruned)).toBeCloseTo(expected, 9);
    expect(channelLatency(table, graph, groups)([2, 3])).toBeCloseTo(expected, 9);
  });

  it('refuses a table without a layer of the network', () => {
    expect(() => predictLatency(tableOf(table.layers.slice(1)), graph)).toThrow(
      expect.objectContaining({ code: 'LATENCY_TABLE_INVALID', message: expect.stringContaining('"c1"') }),
    );
  });
});

const instruction: fc.Arbitrary<Instruction> = fc.record({
  kind: fc.constantFrom(...KINDS),
  at: fc.nat(5),
  other: fc.nat(9),
  size: fc.integer({ min: 2, max: 5 }),
  variant: fc.nat(29),
});

test('the counts of all calls follow from the channels kept, in networks of every kind of layer', async () => {
  await tf.setBackend('cpu');
  await fc.assert(
    fc.asyncProperty(
      fc.array(instruction, { minLength: 1, maxLength: 8 }),
      fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
      async (instructions, shares) => {
        const graph = await randomNetwork(instructions, 1);
        const { groups } = channelGroups(graph);
        const counts = groups.map(
          ({ channels }) => 1 + Math.floor((shares.next().value as number) * (channels - 1)),
        );
        const pruned = removeAll(
          graph,
          groups.map((group, i) => ({
            group,
            keep: Array.from({ length: counts[i]! }, (_, channel) => channel),
          })),
        );
        const channels = callChannels(graph, groups).map(({ full, cuts }) =>
          cuts.reduce(
            (count, { group, perChannel }) => count - (groups[group]!.channels - counts[group]!) * perChannel,
            full,
          ),
        );
        expect(channels).toEqual(channelsOf(pruned));
      },
    ),
    { seed: 5, numRuns: 40 },
  );
});
