import * as tfl from '@tensorflow/tfjs-layers';
import type { Action, BitQuestion, LayerGraph, Quantizer, QuantizeTask } from '@tersor/core';
import fc from 'fast-check';
import { packModel } from '../pack/pack-model.js';
import { rounding } from '../../test/rounding.js';
import { quantizeLimits } from '../../test/limits.js';
import { smallQuantizeTask } from '../../test/small-quantize-task.js';
import { encodeGraph } from '../policy/quantized-graph.js';
import { createBitWidthEnvironment } from './bit-width-environment.js';

describe('createBitWidthEnvironment', () => {
  let graph: LayerGraph;
  let task: QuantizeTask;
  const sizeAt = (bits: number) =>
    packModel(
      graph,
      encodeGraph(rounding, graph, Object.fromEntries(task.layers.map((name) => [name, bits]))),
    ).length;
  beforeAll(async () => {
    const separable = tfl.layers.separableConv2d({ name: 'second', filters: 12, kernelSize: 3 });
    task = await smallQuantizeTask([separable]);
    graph = task.graph;
  });

  const episode = async (actions: readonly Action[], given = task) => {
    const environment = createBitWidthEnvironment(given);
    await environment.reset(1);
    const steps = [];
    for (const action of actions) steps.push(await environment.step(action));
    return steps;
  };

  it('offers the heuristics of its quantizer, whose bytes are those of the file', async () => {
    let seen: BitQuestion | undefined;
    const knowing: Quantizer = {
      ...rounding,
      heuristics: {
        'last-first': (question) => {
          seen = question;
          return [2, 3, 8];
        },
      },
    };
    const given = { ...task, quantizer: knowing };
    const environment = createBitWidthEnvironment(given);
    const steps = await episode(await environment.heuristics!['last-first']!(), given);
    const { policy, measures } = steps.at(-1)!.info;
    expect(policy).toEqual({ first: 2, second: 3, last: 8 });
    expect(seen!.layers.map(({ name }) => name)).toEqual(task.layers);
    expect(seen!.limits.map(({ name, limit }) => [name, limit])).toEqual([['bytes', task.limits[0]!.limit]]);
    expect(seen!.limits[0]!.of([2, 3, 8])).toBe(measures!['bytes']);
    expect(seen!.error(0, 2)).toBeGreaterThan(seen!.error(0, 8));
    expect(seen!.bytes(2, 8)).toBeGreaterThan(seen!.bytes(2, 2));
  });

  it('maps 0..1 evenly to bit widths as HAQ does, ends clamped', async () => {
    const bits = async (action: number) =>
      ((await episode([[action], [action], [action]])).at(-1)!.info.policy as Record<string, number>)[
        'first'
      ];
    expect(await Promise.all([0, 0.07, 0.5, 0.93, 1].map(bits))).toEqual([2, 2, 5, 8, 8]);
  });

  it('takes an index in a discrete space', async () => {
    const steps = await episode([[0], [3], [6]], { ...task, discrete: true });
    expect(steps[2]!.info.policy).toEqual({ first: 2, second: 5, last: 8 });
  });

  it('reports the size of the real packed file', async () => {
    const steps = await episode([[0.5], [0.5], [0.5]]);
    expect(steps[2]!.info.measures!['bytes']).toBe(sizeAt(5));
  });

  it('never exceeds the bytes, whatever the actions, and observes within its space', async () => {
    const [low, high] = [sizeAt(2), sizeAt(8)];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (actions, share) => {
          const bytes = low + share * (high - low);
          const steps = await episode(
            actions.map((action) => [action]),
            { ...task, limits: quantizeLimits({ bytes }, graph) },
          );
          expect(steps[2]!.info.measures!['bytes']).toBeLessThanOrEqual(bytes);
          for (const { observation } of steps)
            expect(observation.every((value) => value >= 0 && value <= 1)).toBe(true);
        },
      ),
      { numRuns: 40, seed: 1 },
    );
  });

  it('keeps the agent’s own number unless the wall lowers it, and then says what was done', async () => {
    expect((await episode([[0.51], [0.5], [0.5]]))[0]!.info.executed).toEqual([0.51]);
    const [first] = await episode([[1], [1], [1]], {
      ...task,
      limits: quantizeLimits({ bytes: sizeAt(2) }, graph),
    });
    expect(first!.info.executed).toEqual([0.5 / 7]);
  });

  it('evaluates the network that a reader of the file would get, once per policy', async () => {
    const seen: number[] = [];
    const environment = createBitWidthEnvironment({
      ...task,
      evaluate: async (candidate) => (
        seen.push(new Set(candidate.layers[1]!.weights[0]!.data).size),
        { accuracy: 0.5 }
      ),
    });
    for (let round = 0; round < 2; round++) {
      await environment.reset(round);
      for (let i = 0; i < 3; i++) await environment.step([0]);
    }
    expect(seen).toEqual([3]);
  });

  it('tells what it lets evaluate: the policy, and the reward that an accuracy would bring', async () => {
    const told: { policy: unknown; rewards: number[] }[] = [];
    const evaluate: QuantizeTask['evaluate'] = async (_graph, candidate) => (
      told.push({ policy: candidate!.policy, rewards: [0.2, 0.6].map(candidate!.rewardAt) }),
      { accuracy: 0.6 }
    );
    const steps = await episode([[0.5], [0.5], [0.5]], {
      ...task,
      evaluate,
      reward: { id: 'costly', evaluate: ({ accuracy, bytes }) => accuracy - bytes / 1e9 },
    });
    const { reward, info } = steps[2]!;
    expect(told).toEqual([{ policy: info.policy, rewards: [0.2 - sizeAt(5) / 1e9, reward] }]);
  });

  it('offers a uniform policy and one by weight error that fit, the second using what the first leaves', async () => {
    const bytes = Math.round((sizeAt(4) + sizeAt(5)) / 2);
    const environment = createBitWidthEnvironment({ ...task, limits: quantizeLimits({ bytes }, graph) });
    const sizeOf = async (name: 'uniform' | 'magnitude') =>
      (
        await episode(await environment.heuristics![name]!(), {
          ...task,
          limits: quantizeLimits({ bytes }, graph),
        })
      )[2]!.info.measures!['bytes']!;
    expect(await sizeOf('uniform')).toBe(sizeAt(4));
    expect(await sizeOf('magnitude')).toBeGreaterThan(sizeAt(4));
    expect(await sizeOf('magnitude')).toBeLessThanOrEqual(bytes);
  });

  it('refuses a size that cannot be reached and names the smallest one', () => {
    expect(() =>
      createBitWidthEnvironment({ ...task, limits: quantizeLimits({ bytes: 100 }, graph) }),
    ).toThrow(
      expect.objectContaining({
        code: 'BUDGET_INFEASIBLE',
        message: expect.stringContaining(`the file has ${sizeAt(2)}`),
      }),
    );
  });
});
