import * as tfl from '@tensorflow/tfjs-layers';
import type { Action, LayerGraph, QuantizeTask, StepResult } from '@tersor/core';
import fc from 'fast-check';
import { bitOperations, cost } from '@tersor/network';
import type { QuantizePolicy } from '../policy/quantize-policy.js';
import { quantizeLimits } from '../../test/limits.js';
import { smallQuantizeTask } from '../../test/small-quantize-task.js';
import { createBitWidthEnvironment } from './bit-width-environment.js';

const NAMES = ['first', 'second', 'last'];
const BITS = [4, 5, 6, 7, 8];

describe('createBitWidthEnvironment with rounded activations', () => {
  let graph: LayerGraph;
  let whole: number;
  let task: QuantizeTask;
  beforeAll(async () => {
    const { conv2d } = tfl.layers;
    const small = await smallQuantizeTask([
      conv2d({ name: 'second', filters: 12, kernelSize: 3 }),
      conv2d({ name: 'floating', filters: 2, kernelSize: 1 }),
    ]);
    graph = small.graph;
    whole = bitOperations(graph);
    task = {
      ...small,
      limits: quantizeLimits({ bytes: 1e9, bops: whole }, graph),
      // The ranges differ by layer and bits, to see that the right one is taken.
      activations: {
        bits: [4, 8],
        ranges: Object.fromEntries(
          NAMES.map((name, i) => [
            name,
            Object.fromEntries(BITS.map((bits) => [bits, { least: -i, most: bits }])),
          ]),
        ),
      },
      evaluate: async () => ({ accuracy: 0.5 }),
    };
  });

  const play = async (given: QuantizeTask, actions: readonly Action[]): Promise<StepResult[]> => {
    const environment = createBitWidthEnvironment(given);
    await environment.reset(1);
    const steps = [];
    for (const action of actions) steps.push(await environment.step(action));
    return steps;
  };
  const policyOf = (steps: readonly StepResult[]) => steps.at(-1)!.info.policy as Required<QuantizePolicy>;
  /** Bit operations by hand: the excluded layer stays at 32 x 32. */
  const operations = ({ weights, activations }: Required<QuantizePolicy>) =>
    cost(graph).layers.reduce(
      (sum, { name, macs }) =>
        sum + macs * (name in weights ? weights[name]! * activations[name]!.bits : 1024),
      0,
    );

  it('rounds sums with the most bits, in one range with those that read the same', async () => {
    const { activations } = task;
    const ranges = { ...activations!.ranges, floating: { 8: { least: -50, most: 1 } } };
    const steps = await play(
      { ...task, activations: { bits: [4, 8], ranges, sums: ['floating'] } },
      NAMES.map(() => [1, 1]),
    );
    const found = policyOf(steps).activations;
    expect(found['floating']).toEqual({ bits: 8, least: -50, most: 1 });
    expect(Object.keys(found)).toEqual([...NAMES, 'floating']);
  });

  it('takes two numbers a step: weight bits and activation bits', async () => {
    const steps = await play(task, [
      [0, 1],
      [0.5, 0.5],
      [1, 0],
    ]);
    expect(policyOf(steps)).toEqual({
      weights: { first: 2, second: 5, last: 8 },
      activations: {
        first: { bits: 8, least: -0, most: 8 },
        second: { bits: 6, least: -1, most: 6 },
        last: { bits: 4, least: -2, most: 4 },
      },
    });
    expect(steps[2]!.info.measures!['bops']).toBe(operations(policyOf(steps)));
  });

  it('takes the index of a pair of bits in a discrete space', async () => {
    const discrete = { ...task, discrete: true };
    expect(createBitWidthEnvironment(discrete).actionSpace).toEqual({ type: 'discrete', size: 7 * 5 });
    const steps = await play(discrete, [[4], [3 * 5 + 2], [6 * 5]]);
    expect(policyOf(steps).weights).toEqual({ first: 2, second: 5, last: 8 });
    expect(Object.values(policyOf(steps).activations).map(({ bits }) => bits)).toEqual([8, 6, 4]);
    expect(steps.map(({ info }) => info.executed)).toEqual([[4], [17], [30]]);
  });

  it('evaluates the network with rounded inputs', async () => {
    const seen: unknown[] = [];
    await play(
      {
        ...task,
        evaluate: async ({ layers }) => (
          seen.push(
            ...layers
              .filter(({ className }) => className === 'TersorActivationQuantizer')
              .map(({ config }) => config['bits']),
          ),
          { accuracy: 0.5 }
        ),
      },
      [
        [0, 1],
        [0, 0.5],
        [0, 0],
      ],
    );
    expect(seen).toEqual([8, 6, 4]);
  });

  it('keeps one number a step where the bits of activations are fixed', async () => {
    const single = {
      ...task,
      limits: quantizeLimits({ bytes: 1e9 }, graph),
      activations: { ...task.activations!, bits: [8, 8] as const },
    };
    expect(createBitWidthEnvironment(single).actionSpace).toEqual({ type: 'box', low: [0], high: [1] });
    expect(createBitWidthEnvironment(single).observationSpace.low).toHaveLength(10);
    const steps = await play(single, [[0], [0.5], [1]]);
    expect(Object.values(policyOf(steps).activations).map(({ bits }) => bits)).toEqual([8, 8, 8]);
    expect(steps[2]!.info.measures!['bops']).toBe(operations(policyOf(steps)));
  });

  it('limits the weights of a network with float activations by bit operations too', async () => {
    const { activations: _activations, ...float } = task;
    const bops = bitOperations(graph, (name) => (NAMES.includes(name) ? { weights: 4 } : {}));
    const steps = await play({ ...float, limits: quantizeLimits({ bytes: 1e9, bops }, graph) }, [
      [1],
      [1],
      [1],
    ]);
    // 3456, 3456 and 80 multiply-adds. With the others at 2 bits the first has room for 6; the second then
    // stays at 2, and 320 are left for the last: 4.
    expect(steps[2]!.info.policy).toEqual({ first: 6, second: 2, last: 4 });
    expect(steps[2]!.info.measures!['bops']).toBe(bops);
  });

  it('never exceeds the bit operations, whatever the actions, tells what was done, and observes within its space', async () => {
    const least = bitOperations(graph, (name) =>
      NAMES.includes(name) ? { weights: 2, activations: 4 } : {},
    );
    const most = bitOperations(graph, (name) => (NAMES.includes(name) ? { weights: 8, activations: 8 } : {}));
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(share, share), { minLength: 3, maxLength: 3 }),
        share,
        async (actions, tightness) => {
          const limited = {
            ...task,
            limits: quantizeLimits({ bytes: 1e9, bops: least + tightness * (most - least) }, graph),
          };
          const steps = await play(limited, actions);
          expect(steps[2]!.info.measures!['bops']).toBeLessThanOrEqual(limited.limits[1]!.limit);
          for (const { observation } of steps) {
            expect(observation).toHaveLength(12);
            expect(observation.every((value) => value >= 0 && value <= 1)).toBe(true);
          }
          expect(
            policyOf(
              await play(
                limited,
                steps.map(({ info }) => info.executed),
              ),
            ),
          ).toEqual(policyOf(steps));
        },
      ),
      { numRuns: 60, seed: 1 },
    );
  });

  it('takes a bit from the wider of the two first', async () => {
    const macs = cost(graph).layers.find(({ name }) => name === 'first')!.macs;
    const others = bitOperations(graph, (name) =>
      name === 'first' ? { weights: 0 } : NAMES.includes(name) ? { weights: 2, activations: 4 } : {},
    );
    const [first] = await play(
      { ...task, limits: quantizeLimits({ bytes: 1e9, bops: others + macs * 30 }, graph) },
      [
        [1, 1],
        [0, 0],
        [0, 0],
      ],
    );
    // 8x8, 8x7, 7x7, 7x6, 6x6, 6x5 = 30.
    expect(first!.info.executed).toEqual([(6 - 2 + 0.5) / 7, (5 - 4 + 0.5) / 5]);
    const [narrow] = await play(
      { ...task, limits: quantizeLimits({ bytes: 1e9, bops: others + macs * 16 }, graph) },
      [
        [0.2, 1],
        [0, 0],
        [0, 0],
      ],
    );
    // 3x8, 3x7, 3x6, 3x5: the weights keep the agent's own number.
    expect(narrow!.info.executed).toEqual([0.2, (5 - 4 + 0.5) / 5]);
  });

  it('offers a uniform policy, and one by weight error, within both limits', async () => {
    const bops = bitOperations(graph, (name) => (NAMES.includes(name) ? { weights: 5, activations: 6 } : {}));
    const limited = { ...task, limits: quantizeLimits({ bytes: 1e9, bops }, graph) };
    const environment = createBitWidthEnvironment(limited);
    const uniform = policyOf(await play(limited, await environment.heuristics!['uniform']!()));
    expect(Object.values(uniform.weights)).toEqual([5, 5, 5]);
    expect(Object.values(uniform.activations).map(({ bits }) => bits)).toEqual([6, 6, 6]);
    const greedy = policyOf(await play(limited, await environment.heuristics!['magnitude']!()));
    expect(Object.values(greedy.activations).map(({ bits }) => bits)).toEqual([6, 6, 6]);
    expect(operations(greedy)).toBeLessThanOrEqual(bops);
  });

  it('refuses bit operations that cannot be reached and names the fewest', () => {
    const least = bitOperations(graph, (name) =>
      NAMES.includes(name) ? { weights: 2, activations: 4 } : {},
    );
    expect(() =>
      createBitWidthEnvironment({ ...task, limits: quantizeLimits({ bytes: 1e9, bops: least - 1 }, graph) }),
    ).toThrow(
      expect.objectContaining({
        code: 'BUDGET_INFEASIBLE',
        message: expect.stringContaining(`the network has ${least}`),
      }),
    );
    expect(() =>
      createBitWidthEnvironment({ ...task, limits: quantizeLimits({ bytes: 1e9, bops: least }, graph) }),
    ).not.toThrow();
  });
});
