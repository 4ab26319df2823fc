import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { LatencyTable, LayerGraph, PruneTask } from '@tersor/core';
import fc from 'fast-check';
import { firstChannels } from '../../../network/test/first-channels.js';
import { pruneLimits } from '../../test/limits.js';
import { cost, channelGroups, predictLatency, graphFromModel } from '@tersor/network';
import { createPruningEnvironment } from './pruning-environment.js';

/**
 * A table of the network below: `c1` 1 ms a channel, `c2` and `c3` 0.1 ms for every pair of channels, the
 * head 1 ms, transfer 1 ms.
 */
function tableOf(change: (milliseconds: number) => number = (value) => value): LatencyTable {
  const layer = (
    name: string,
    inputs: number[],
    outputs: number[],
    time: (input: number, output: number) => number,
  ) => ({
    layer: name,
    className: 'Conv2D',
    inputs,
    outputs,
    milliseconds: inputs.map((i) => outputs.map((o) => change(time(i, o)))),
  });
  const pairs = (i: number, o: number) => 0.1 * i * o;
  const layers = [
    layer('c1', [3], [1, 4, 8], (_, o) => o),
    layer('c2', [1, 4, 8], [1, 8], pairs),
    layer('c3', [1, 8], [1, 4, 8], pairs),
    layer('head', [16, 128], [4], () => 1),
  ];
  return {
    version: 1,
    model: { name: 'm', fingerprint: '' },
    backend: 'cpu',
    machine: '',
    versions: {},
    details: {},
    images: 1,
    transfer: 1,
    layers,
    check: [],
  };
}

describe('a budget in milliseconds', () => {
  let graph: LayerGraph;
  let task: PruneTask;
  beforeAll(async () => {
    await tf.setBackend('cpu');
    const { layers } = tfl;
    const conv = (name: string, more = {}) =>
      layers.conv2d({ name, filters: 8, kernelSize: 3, padding: 'same', ...more });
    const model = tfl.sequential({
      layers: [
        conv('c1', { inputShape: [4, 4, 3] }),
        conv('c2'),
        conv('c3'),
        layers.flatten(),
        layers.dense({ name: 'head', units: 4 }),
      ],
    });
    graph = await graphFromModel(model);
    model.dispose();
    task = {
      stage: 'prune',
      graph,
      groups: channelGroups(graph).groups,
      pruners: [firstChannels(graph)],
      reward: { id: 'latency', evaluate: ({ latency }) => -latency! },
      baseline: { accuracy: 1, macs: cost(graph).macs, parameters: 1, bytes: 4 },
      limits: pruneLimits({ latency: { milliseconds: 9.9, table: tableOf() } }, graph),
      minimum: 0.25,
      multiple: 1,
      evaluate: async () => ({ accuracy: 0.5 }),
    };
  });

  const episode = async (ratios: readonly number[], limits: PruneTask['limits']) => {
    const environment = createPruningEnvironment({ ...task, limits });
    await environment.reset(1);
    const steps = [];
    for (const ratio of ratios) steps.push(await environment.step([ratio]));
    return steps.at(-1)!;
  };

  it('stands beside the others: known answers', async () => {
    expect(predictLatency(tableOf(), graph)).toBeCloseTo(1 + 8 + 6.4 + 6.4 + 1, 9);
    // 2 channels ahead cost 0.2 per channel of the layer before: c1 may keep 6 (6 + 1.2 + 0.4 + 2 <= 9.9), c2
    // then 2, c3 then 3.
    const { reward, info } = await episode([1, 1, 1], task.limits);
    expect(info.executed).toEqual([0.375]);
    expect(info.measures!['latency']).toBeCloseTo(1 + 6 + 1.2 + 0.6 + 1, 9);
    expect(reward).toBeCloseTo(-9.8, 9);
    const { macs } = task.baseline;
    const both = await episode([1, 1, 1], [...pruneLimits({ macs: 0.1 * macs }, graph), ...task.limits]);
    expect(both.info.measures!['macs']).toBeLessThanOrEqual(0.1 * macs);
    expect(both.info.measures!['latency']).toBeLessThanOrEqual(9.9);
  });

  it('is never exceeded, whatever the actions and however odd the table', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.double({ min: 0.25, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.infiniteStream(fc.double({ min: 0, max: 2, noNaN: true })),
        async (ratios, share, noise) => {
          const table = tableOf((value) => value * (noise.next().value as number));
          const whole = predictLatency(table, graph);
          const milliseconds = 1 + share * (whole - 1) + 1e-9;
          let last;
          try {
            last = await episode(ratios, pruneLimits({ latency: { milliseconds, table } }, graph));
          } catch (error) {
            expect(error).toMatchObject({ code: 'BUDGET_INFEASIBLE' });
            return;
          }
          expect(last.info.measures!['latency']).toBeLessThanOrEqual(milliseconds);
        },
      ),
      { numRuns: 100, seed: 1 },
    );
  });

  it.each(['uniform', 'magnitude'] as const)('is met closely by the %s policy', async (name) => {
    const actions = await createPruningEnvironment(task).heuristics![name]!();
    const { info } = await episode(
      actions.map(([ratio]) => ratio!),
      task.limits,
    );
    expect(info.measures!['latency']).toBeLessThanOrEqual(9.9);
    expect(info.measures!['latency']).toBeGreaterThan(8);
  });

  it('that cannot be reached is refused with the smallest that can', () => {
    expect(() =>
      createPruningEnvironment({
        ...task,
        limits: pruneLimits({ latency: { milliseconds: 3, table: tableOf() } }, graph),
      }),
    ).toThrow(
      expect.objectContaining({
        code: 'BUDGET_INFEASIBLE',
        // 2 channels each: 1 + 2 + 0.4 + 0.4 + 1.
        message:
          'prune.budget.latency is 3 ms, but with every group at its minimum the network is still predicted to take 4.8 ms.',
        hint: expect.stringContaining('4.8 ms or more'),
      }),
    );
  });

  it('leaves measures as they are where there is none', async () => {
    const { info } = await episode([0.5, 0.5, 0.5], pruneLimits({ macs: task.baseline.macs }, graph));
    expect(Object.keys(info.measures!)).toEqual(['accuracy', 'macs', 'denseMacs', 'parameters', 'bytes']);
  });
});
