import type { Action, LayerGraph, Pruner, PruneStep, PruneTask } from '@tersor/core';
import fc from 'fast-check';
import { firstChannels } from '../../../network/test/first-channels.js';
import { smallPruneTask } from '../../test/small-prune-task.js';
import { pruneLimits } from '../../test/limits.js';
import { dropBlocks } from '../../test/drop-blocks.js';
import * as topologies from '../../../network/test/topologies.js';
import { zeroSlices } from '../../../network/test/zero-slices.js';
import { cost, channelGroups } from '@tersor/network';
import { createPruningEnvironment } from './pruning-environment.js';

describe('createPruningEnvironment', () => {
  let graph: LayerGraph;
  let task: PruneTask;
  beforeAll(async () => {
    task = await smallPruneTask({ second: 12, minimum: 0.25 });
    graph = task.graph;
  });

  const episode = async (actions: readonly Action[], given = task) => {
    const environment = createPruningEnvironment(given);
    await environment.reset(1);
    const steps = [];
    for (const action of actions) steps.push(await environment.step(action));
    return steps;
  };

  it('never exceeds the budget, whatever the actions, and observes within its space', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.double({ min: 0.25, max: 1, noNaN: true }), { minLength: 3, maxLength: 3 }),
        fc.double({ min: 0.2, max: 1, noNaN: true }),
        async (ratios, share) => {
          const limit = share * task.baseline.macs;
          const steps = await episode(
            ratios.map((ratio) => [ratio]),
            { ...task, limits: pruneLimits({ macs: limit }, graph) },
          );
          expect(steps.at(-1)!.info.measures!['macs']).toBeLessThanOrEqual(limit);
          for (const { observation } of steps)
            expect(observation.every((value) => value >= 0 && value <= 1)).toBe(true);
        },
      ),
      { numRuns: 60, seed: 1 },
    );
  });

  it('carries actions out as they are where the budget allows', async () => {
    const steps = await episode([[0.5], [0.5], [0.5]]);
    expect(steps.map(({ info }) => info.executed)).toEqual([[0.5], [0.5], [0.5]]);
    expect((steps[2]!.info.policy as PruneStep[]).map(({ keep }) => keep!.length)).toEqual([4, 6, 8]);
  });

  it('reports what it really did where the wall lowers an action', async () => {
    const steps = await episode([[1], [1], [1]]);
    const executed = steps.map(({ info }) => info.executed[0]!);
    expect(executed.some((ratio) => ratio < 1)).toBe(true);
    (steps[2]!.info.policy as PruneStep[]).forEach(({ keep }, i) =>
      expect(keep!.length / task.groups[i]!.channels).toBe(executed[i]),
    );
  });

  it('rounds channel counts to a multiple', async () => {
    const steps = await episode([[0.6], [0.6], [0.6]], { ...task, multiple: 4 });
    for (const { keep } of steps[2]!.info.policy as PruneStep[]) expect(keep!.length % 4).toBe(0);
  });

  it('gives the reward only at the end, and does not evaluate a policy twice', async () => {
    let evaluations = 0;
    const evaluate = async () => (evaluations++, { accuracy: 0.7 });
    const environment = createPruningEnvironment({ ...task, evaluate });
    for (let round = 0; round < 2; round++) {
      await environment.reset(round);
      const rewards = [];
      for (let i = 0; i < 3; i++) rewards.push((await environment.step([0.5])).reward);
      expect(rewards).toEqual([0, 0, 0.7]);
    }
    expect(evaluations).toBe(1);
  });

  it('evaluates what its pruners have adapted', async () => {
    const evaluated: string[] = [];
    const adapting: Pruner = {
      ...firstChannels(graph),
      adapt: async (candidate, plan) => ({ ...candidate, name: `adapted to ${plan.length} steps` }),
    };
    await episode([[0.5], [0.5], [0.5]], {
      ...task,
      pruners: [adapting],
      evaluate: async ({ name }) => (evaluated.push(name), { accuracy: 0.5 }),
    });
    expect(evaluated).toEqual(['adapted to 3 steps']);
  });

  it('tells what it lets evaluate: the policy, and the reward that an accuracy would bring', async () => {
    const told: { policy: unknown; rewards: number[] }[] = [];
    const evaluate: PruneTask['evaluate'] = async (_graph, candidate) => (
      told.push({ policy: candidate!.policy, rewards: [0.2, 0.6].map(candidate!.rewardAt) }),
      { accuracy: 0.6 }
    );
    const steps = await episode([[0.5], [0.5], [0.5]], {
      ...task,
      evaluate,
      reward: { id: 'costly', evaluate: ({ accuracy, macs }) => accuracy - macs / 1e9 },
    });
    const { reward, info } = steps[2]!;
    expect(told).toEqual([{ policy: info.policy, rewards: [0.2 - info.measures!['macs']! / 1e9, reward] }]);
  });

  it.each(['uniform', 'magnitude'] as const)(
    'offers a %s policy that meets the budget closely and is carried out as proposed',
    async (name) => {
      const environment = createPruningEnvironment(task);
      const actions = await environment.heuristics![name]!();
      const steps = await episode(actions);
      const macs = steps[2]!.info.measures!['macs']!;
      expect(macs).toBeLessThanOrEqual(task.limits[0]!.limit);
      expect(macs).toBeGreaterThan(0.75 * task.limits[0]!.limit);
      if (name === 'uniform') expect(new Set(actions.map(String)).size).toBe(1);
    },
  );

  it('refuses a budget that cannot be reached and names the smallest one', async () => {
    expect(() => createPruningEnvironment({ ...task, limits: pruneLimits({ macs: 10 }, graph) })).toThrow(
      expect.objectContaining({
        code: 'BUDGET_INFEASIBLE',
        message: expect.stringMatching(/prune\.budget\.macs is 10, .* still has \d+/),
      }),
    );
  });

  it('refuses a network without prunable channels and steps outside of an episode', async () => {
    expect(() => createPruningEnvironment({ ...task, groups: [] })).toThrow(
      expect.objectContaining({ code: 'MODEL_UNSUPPORTED' }),
    );
    await expect(createPruningEnvironment(task).step([1])).rejects.toMatchObject({ code: 'EPISODE_OVER' });
  });

  describe('with a pruner of kernel slices', () => {
    const run = (actions: readonly Action[], pruners: readonly Pruner[], share = 0.5) =>
      episode(actions, {
        ...task,
        pruners,
        limits: pruneLimits({ macs: share * task.baseline.macs }, graph),
      });
    const ratio = fc.double({ min: 0.25, max: 1, noNaN: true });
    const triple = <T>(value: fc.Arbitrary<T>) => fc.tuple(value, value, value);

    it('counts zeroed slices as gone: known answers', async () => {
      // 5 of 6 slices that stay in the first kernel, half of the second, all of the third.
      const steps = await run([[5 / 6], [0.5], [1]], [zeroSlices(graph, 'scattered')], 1);
      const [first, second, third] = [64 * 9 * 20, 64 * 9 * 48, 16 * 9 * 192];
      expect(steps[2]!.info.measures).toMatchObject({
        macs: first + second + third + 4 * 16 * 16,
        denseMacs: task.baseline.macs,
      });
    });

    it.each(['first', 'last', 'scattered'] as const)(
      'alone never exceeds the budget, wherever it zeroes (the %s slices)',
      async (which) => {
        await fc.assert(
          fc.asyncProperty(
            triple(ratio),
            fc.double({ min: 0.35, max: 1, noNaN: true }),
            async (shares, budget) => {
              const { macs } = (
                await run(
                  shares.map((share) => [share]),
                  [zeroSlices(graph, which)],
                  budget,
                )
              )[2]!.info.measures!;
              expect(macs).toBeLessThanOrEqual(budget * task.baseline.macs);
            },
          ),
          { numRuns: 40, seed: 2 },
        );
      },
    );

    it('alone comes close to the budget', async () => {
      const { macs, denseMacs } = (await run([[1], [1], [1]], [zeroSlices(graph, 'scattered')]))[2]!.info
        .measures!;
      expect(macs).toBeLessThanOrEqual(task.limits[0]!.limit);
      expect(macs).toBeGreaterThan(0.97 * task.limits[0]!.limit);
      expect(denseMacs).toBe(task.baseline.macs);
    });

    it('alone leaves all channels, also where counts are rounded to a multiple that they are none of', async () => {
      const limit = 0.85 * task.baseline.macs;
      const alone = {
        ...task,
        multiple: 5,
        limits: pruneLimits({ macs: limit }, graph),
        pruners: [zeroSlices(graph, 'scattered')],
      };
      const { macs, denseMacs } = (await episode([[1], [1], [1]], alone))[2]!.info.measures!;
      expect(macs).toBeLessThanOrEqual(limit);
      expect(denseMacs).toBe(task.baseline.macs);
    });

    it.each(['uniform', 'magnitude'] as const)(
      'alone: the %s policy is carried out as proposed',
      async (name) => {
        const alone = { ...task, pruners: [zeroSlices(graph, 'scattered')] };
        const actions = await createPruningEnvironment(alone).heuristics![name]!();
        const steps = await episode(actions, alone);
        expect(steps.map(({ info }) => info.executed)).toEqual(actions);
        expect(actions[0]![0]).toBeLessThan(1);
        expect(steps[2]!.info.measures!['macs']).toBeGreaterThan(0.9 * task.limits[0]!.limit);
      },
    );

    it.each(['first', 'last', 'scattered'] as const)(
      'beside one of channels never exceeds the budget, wherever it zeroes (the %s slices)',
      async (which) => {
        await fc.assert(
          fc.asyncProperty(
            triple(fc.tuple(ratio, ratio)),
            fc.double({ min: 0.2, max: 1, noNaN: true }),
            async (actions, budget) => {
              const { macs, denseMacs } = (
                await run(actions, [...task.pruners, zeroSlices(graph, which, task.groups)], budget)
              )[2]!.info.measures!;
              expect(macs).toBeLessThanOrEqual(budget * task.baseline.macs);
              expect(macs).toBeLessThanOrEqual(denseMacs!);
            },
          ),
          { numRuns: 60, seed: 3 },
        );
      },
    );
  });

  describe('with a pruner of blocks', () => {
    let resnet: LayerGraph;
    let blocks: PruneTask;
    beforeAll(async () => {
      resnet = await topologies.resnet20();
      blocks = {
        ...task,
        graph: resnet,
        groups: channelGroups(resnet).groups,
        pruners: [dropBlocks(resnet)],
        baseline: { ...task.baseline, macs: cost(resnet).macs },
        limits: pruneLimits({ macs: 0.6 * cost(resnet).macs }, graph),
      };
    });
    const same = (action: Action) => blocks.groups.map(() => action);
    const dropped = (steps: Awaited<ReturnType<typeof episode>>) =>
      (steps.at(-1)!.info.policy as PruneStep[])
        .filter(({ removeLayers }) => removeLayers)
        .map(({ group }) => group);

    it('removes the blocks that were to go and costs what is left: known answers', async () => {
      const steps = await episode(
        blocks.groups.map(({ name }) => [name === 'stage3_block2_a' ? 0.4 : 0.6]),
        { ...blocks, limits: pruneLimits({ macs: cost(resnet).macs }, graph) },
      );
      expect(dropped(steps)).toEqual(['stage3_block2_a']);
      // Two 3x3 convolutions of 16 channels on 2x2 positions are gone.
      expect(steps.at(-1)!.info.measures).toMatchObject({ macs: cost(resnet).macs - 2 * 4 * 9 * 16 * 16 });
      expect(steps.map(({ info }) => info.executed)).toEqual(
        blocks.groups.map(({ name }) => [name === 'stage3_block2_a' ? 0 : 1]),
      );
    });

    it.each(['macs', 'parameters'] as const)('keeps a budget of %s, whatever the actions', async (limit) => {
      const total = cost(resnet)[limit];
      await fc.assert(
        fc.asyncProperty(
          fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
          fc.double({ min: 0.35, max: 1, noNaN: true }),
          async (actions, share) => {
            const steps = await episode(
              blocks.groups.map(() => [actions.next().value as number]),
              { ...blocks, limits: pruneLimits({ [limit]: share * total }, graph) },
            );
            expect(steps.at(-1)!.info.measures![limit]).toBeLessThanOrEqual(share * total);
          },
        ),
        { numRuns: 20, seed: 4 },
      );
    });

    it('beside one of channels: a block that was to stay goes only where the fewest channels are not enough', async () => {
      const both = { ...blocks, minimum: 0.5, pruners: [...blocks.pruners, firstChannels(resnet)] };
      const loose = await episode(same([1, 0.5]), {
        ...both,
        limits: pruneLimits({ macs: 0.6 * cost(resnet).macs }, graph),
      });
      expect(dropped(loose)).toEqual([]);
      const tight = await episode(same([1, 1]), {
        ...both,
        limits: pruneLimits({ macs: 0.15 * cost(resnet).macs }, graph),
      });
      expect(dropped(tight).length).toBeGreaterThan(0);
      expect(tight.at(-1)!.info.measures!['macs']).toBeLessThanOrEqual(0.15 * cost(resnet).macs);
    });

    it('offers a uniform policy that fits and is carried out as proposed', async () => {
      const actions = await createPruningEnvironment(blocks).heuristics!['uniform']!();
      const steps = await episode(actions, blocks);
      expect(steps.map(({ info }) => info.executed)).toEqual(actions);
      expect(dropped(steps).length).toBeGreaterThan(0);
      expect(steps.at(-1)!.info.measures!['macs']).toBeGreaterThan(0.4 * cost(resnet).macs);
    });

    it('refuses a budget that no choice of blocks meets', () => {
      expect(() =>
        createPruningEnvironment({
          ...blocks,
          limits: pruneLimits({ macs: 0.1 * cost(resnet).macs }, graph),
        }),
      ).toThrow(expect.objectContaining({ code: 'BUDGET_INFEASIBLE' }));
    });
  });

  describe('refuses a candidate over the budget, with the pruner and both numbers', () => {
    const limit = () => Math.floor(task.limits[0]!.limit);
    const refused = (names: string) => ({
      code: 'BUDGET_EXCEEDED',
      message: expect.stringMatching(
        new RegExp(
          `${names} made a network with ${task.baseline.macs} where prune\\.budget\\.macs allows ${limit()}`,
        ),
      ),
    });
    /** Says that it prunes channels and does nothing. */
    const idle = (): Pruner => ({
      ...firstChannels(graph),
      id: 'idle',
      plan: ({ name }) => ({ pruner: 'idle', group: name }),
      apply: (clean) => clean,
    });

    it('of a pruner that does not do what it plans', async () => {
      await expect(episode([[0.3], [0.3], [0.3]], { ...task, pruners: [idle()] })).rejects.toMatchObject(
        refused('pruner "idle"'),
      );
    });

    it('of one among several', async () => {
      const honest = zeroSlices(graph, 'scattered');
      await expect(
        episode(
          [
            [0.3, 1],
            [0.3, 1],
            [0.3, 1],
          ],
          { ...task, pruners: [idle(), honest] },
        ),
      ).rejects.toMatchObject(refused('pruner "idle"'));
    });

    it('also in parameters, where the slices that it zeroes are not those that it plans', async () => {
      const lying: Pruner = { ...zeroSlices(graph, 'scattered'), apply: (clean) => clean };
      const limits = pruneLimits({ parameters: 0.6 * cost(graph).parameters }, graph);
      await expect(
        episode([[0.3], [0.3], [0.3]], { ...task, pruners: [lying], limits }),
      ).rejects.toMatchObject({
        code: 'BUDGET_EXCEEDED',
        message: expect.stringMatching(
          new RegExp(
            `"zero" made a network with ${cost(graph).parameters} where prune\\.budget\\.parameters`,
          ),
        ),
      });
    });
  });
});
