import type { Action, LayerGraph, Pruner, PruneStep, PruneTask } from '@tersor/core';
import { channelGroups, cost } from '@tersor/network';
import { describeContract, environmentContract, pruneTask } from '@tersor/testing';
import fc from 'fast-check';
import { firstChannels } from '../../../network/test/first-channels.js';
import * as topologies from '../../../network/test/topologies.js';
import { zeroSlices } from '../../../network/test/zero-slices.js';
import { dropBlocks } from '../../test/drop-blocks.js';
import { smallPruneTask } from '../../test/small-prune-task.js';
import { pruneLimits } from '../../test/limits.js';
import { createPruneChoices } from './prune-choices.js';
import { createResidualChoices } from './residual-choices.js';
import { createResidualPruningEnvironment } from './residual-pruning-environment.js';
import { createPruningEnvironment } from './pruning-environment.js';

const OPTIONS = { scale: 2 };

describeContract(
  'residual environment of stage 1',
  environmentContract(async () => createResidualPruningEnvironment(await pruneTask(), OPTIONS)),
);

describe('the residual environment of stage 1', () => {
  let graph: LayerGraph;
  let task: PruneTask;
  beforeAll(async () => {
    task = await smallPruneTask({ second: 24, minimum: 0.1 });
    graph = task.graph;
  });

  const residual = fc.double({ min: -1, max: 1, noNaN: true });
  const actionsOf = (numbers: readonly number[]) => numbers.map((number) => [number]);
  const limited = (share: number, multiple = 1): PruneTask => ({
    ...task,
    multiple,
    limits: pruneLimits(
      { macs: share * task.baseline.macs, parameters: 0.9 * task.baseline.parameters },
      graph,
    ),
  });
  const around = (given: PruneTask, keep: readonly number[]) => {
    const choices = createPruneChoices(given);
    const reference = keep.map((count) => ({ keep: count, share: 1, block: true }));
    return { choices, residual: createResidualChoices(given, choices, reference, OPTIONS.scale) };
  };
  const play = async (actions: readonly Action[], given = task, options: object = {}) => {
    const environment = await createResidualPruningEnvironment(given, { ...OPTIONS, ...options });
    await environment.reset(1);
    const steps = [];
    for (const action of actions) steps.push(await environment.step(action));
    return steps;
  };
  const countsOf = (policy: unknown) => (policy as PruneStep[]).map(({ keep }) => keep?.length);

  it('keeps every limit, and no group could keep one step more', () => {
    fc.assert(
      fc.property(
        fc.tuple(residual, residual, residual),
        fc.double({ min: 0.15, max: 0.9, noNaN: true }),
        fc.constantFrom(1, 4),
        (numbers, share, multiple) => {
          const given = limited(share, multiple);
          // The fewest of everything fits whatever can be reached.
          const fewest = createPruneChoices(given).smallest.map(({ keep }) => keep);
          const { choices, residual: around1 } = around(given, fewest);
          const found = around1.choices(actionsOf(numbers));
          expect(choices.wall.fits(found)).toBe(true);
          if (numbers.every((number) => number === 0)) return;
          found.forEach((choice, i) => {
            const { channels } = task.groups[i]!;
            const keep = Math.min(channels, (Math.floor(choice.keep / multiple) + 1) * multiple);
            const more = found.map((each, j) => (i === j ? { ...choice, keep } : each));
            if (keep > choice.keep) expect(choices.wall.fits(more)).toBe(false);
          });
        },
      ),
      { numRuns: 200, seed: 1 },
    );
  });

  it('keeps never fewer channels at a larger shift', () => {
    const { residual: around1 } = around(task, [3, 10, 9]);
    fc.assert(
      fc.property(
        fc.tuple(residual, residual, residual),
        fc.double({ min: -6, max: 6, noNaN: true }),
        fc.double({ min: 0, max: 6, noNaN: true }),
        (numbers, shift, more) => {
          const [low, high] = [shift, shift + more].map((each) => around1.at(actionsOf(numbers), each));
          low!.forEach(({ keep }, i) => expect(high![i]!.keep).toBeGreaterThanOrEqual(keep));
        },
      ),
      { numRuns: 200, seed: 2 },
    );
  });

  it('does not mind the order: the same residuals at other places of the same groups', () => {
    // Three equal groups of a sum: what one gets depends on its residual alone.
    const groups = [0, 1, 2].map((i) => ({ ...task.groups[1]!, name: `group ${i}` }));
    const used = (keep: readonly { readonly keep: number }[]) =>
      keep.reduce((sum, each) => sum + each.keep, 0);
    const choices = {
      wall: {
        ...createPruneChoices(task).wall,
        fits: (each: Parameters<typeof used>[0]) => used(each) <= 30,
      },
      whole: groups.map(({ channels }) => ({ keep: channels, share: 1, block: true })),
      toCount: createPruneChoices(task).toCount,
    };
    const reference = groups.map(() => ({ keep: 10, share: 1, block: true }));
    const keepOf = (numbers: readonly number[]) =>
      createResidualChoices({ ...task, groups }, choices, reference, OPTIONS.scale)
        .choices(actionsOf(numbers))
        .map(({ keep }) => keep);
    // 24 channels: logit(10/24) = -0.34; with -2, 0, 2 and a shift of -0.08 these are 2.0, 9.6 and 19.
    const [low, middle, high] = keepOf([-1, 0, 1]);
    expect([low! + middle! + high!, low! < middle!, middle! < high!]).toEqual([30, true, true]);
    expect(keepOf([1, 0, -1])).toEqual([high, middle, low]);
    expect(keepOf([0, 1, -1])).toEqual([middle, high, low]);
  });

  it.each(['uniform', 'magnitude'])('carries out the heuristic %s with actions of 0', async (reference) => {
    const walled = createPruningEnvironment(task);
    await walled.reset(1);
    const steps = [];
    for (const action of await walled.heuristics![reference]!()) steps.push(await walled.step(action));
    const zeros = await play(actionsOf([0, 0, 0]), task, { reference });
    expect(zeros[2]!.info.policy).toEqual(steps[2]!.info.policy);
    expect(zeros[2]!.reward).toBe(steps[2]!.reward);
    const environment = await createResidualPruningEnvironment(task, { ...OPTIONS, reference });
    expect(await environment.heuristics![reference]!()).toEqual(actionsOf([0, 0, 0]));
  });

  it('takes "reconstruction" as the reference where a pruner knows it, and offers it', async () => {
    const knowing: Pruner = { ...firstChannels(graph), heuristics: { reconstruction: () => [4, 5, 6] } };
    const steps = await play(actionsOf([0, 0, 0]), { ...task, pruners: [knowing] });
    expect(countsOf(steps[2]!.info.policy)).toEqual([4, 5, 6]);
  });

  it('comes near to the other heuristics, too', async () => {
    const environment = await createResidualPruningEnvironment(task, { ...OPTIONS, reference: 'uniform' });
    const actions = await environment.heuristics!['magnitude']!();
    await environment.reset(1);
    const steps = [];
    for (const action of actions) steps.push(await environment.step(action));
    const walled = createPruningEnvironment(task);
    await walled.reset(1);
    const wanted = [];
    for (const action of await walled.heuristics!['magnitude']!()) wanted.push(await walled.step(action));
    const [found, exact] = [steps, wanted].map((each) => countsOf(each[2]!.info.policy));
    found!.forEach((count, i) => expect(Math.abs((count ?? 99) - (exact![i] ?? 99))).toBeLessThanOrEqual(1));
  });

  it('needs no shift where the whole network keeps the budget', async () => {
    const loose = limited(1);
    const free = { ...loose, limits: loose.limits.slice(0, 1) };
    const { residual: around1 } = around(free, [8, 24, 16]);
    expect(around1.shift(actionsOf([-1, 0.5, 0]))).toBe(0);
    // 24 of 24 counts as 23.75: logit 4.55; less 2 is 92.8% of 24 channels, 22.3.
    const { residual: lower } = around(free, [8, 24, 16]);
    expect(lower.choices(actionsOf([0, -1, 0])).map(({ keep }) => keep)).toEqual([8, 22, 16]);
  });

  it('gives the same rewards for the same actions, tells each as it was, and asks only once', async () => {
    let evaluations = 0;
    const counting = { ...task, evaluate: async () => (evaluations++, { accuracy: 0.7 }) };
    const environment = await createResidualPruningEnvironment(counting, OPTIONS);
    for (let round = 0; round < 2; round++) {
      await environment.reset(round);
      const steps = [];
      for (const action of actionsOf([0.4, -0.3, 0.9])) steps.push(await environment.step(action));
      expect(steps.map(({ reward }) => reward)).toEqual([0, 0, 0.7]);
      expect(steps.map(({ info }) => info.executed)).toEqual(actionsOf([0.4, -0.3, 0.9]));
    }
    expect(evaluations).toBe(1);
  });

  it('observes errors where the pruner knows them, and 0 where it does not', async () => {
    const curves = task.groups.map(({ channels }, g) =>
      Float64Array.from({ length: channels + 1 }, (_, removed) => (g + 1) * removed ** 2),
    );
    const knowing: Pruner = { ...firstChannels(graph), removalErrors: async () => curves };
    const errors = async (pruner: Pruner) => {
      const environment = await createResidualPruningEnvironment({ ...task, pruners: [pruner] }, OPTIONS);
      const { observation } = await environment.reset(1);
      const rest = [];
      for (const action of actionsOf([0, 0])) rest.push((await environment.step(action)).observation);
      return [observation, ...rest].map((each) => each.slice(11, 13));
    };
    expect(await errors(firstChannels(graph))).toEqual([0, 1, 2].map(() => [0, 0]));
    const known = await errors(knowing);
    // Normalised over the groups: one has the most, one the least.
    for (const column of [0, 1])
      expect(known.map((each) => each[column]!).sort((a, b) => a - b)).toEqual([-1, expect.any(Number), 1]);
  });

  it('tells what actions change at each group: the level of its channels and the size of its error', async () => {
    const curves = task.groups.map(({ channels }) =>
      Float64Array.from({ length: channels + 1 }, (_, removed) => 10 ** (removed / 8) - 1),
    );
    const knowing: Pruner = { ...firstChannels(graph), removalErrors: async () => curves };
    const make = (pruner: Pruner) =>
      createResidualPruningEnvironment({ ...task, pruners: [pruner] }, { ...OPTIONS, reference: 'uniform' });
    const environment = await make(knowing);
    expect(environment.effectsOf!(actionsOf([0, 0, 0]))).toEqual([0, 0, 0].map(() => [0, 0]));
    const actions = actionsOf([1, -0.2, 0.1]);
    const counts = (given: readonly Action[]) => countsOf(environment.policyOf!(given)) as number[];
    const [before, after] = [counts(actionsOf([0, 0, 0])), counts(actions)];
    const level = (i: number, keep: number) => {
      const { channels } = task.groups[i]!;
      const share = Math.min(1 - 1 / (4 * channels), Math.max(1 / (4 * channels), keep / channels));
      return Math.log(share / (1 - share));
    };
    const error = (i: number, keep: number) => curves[i]![task.groups[i]!.channels - keep]!;
    environment.effectsOf!(actions).forEach(([channels, errors], i) => {
      expect(channels).toBeCloseTo((level(i, after[i]!) - level(i, before[i]!)) / OPTIONS.scale);
      const orders = Math.log10(error(i, after[i]!) / error(i, before[i]!));
      expect(errors).toBeCloseTo(Math.min(1, Math.max(-1, orders)), 2);
    });
    const unknowing = await make(firstChannels(graph));
    expect(unknowing.effectsOf!(actions).map(([, errors]) => errors)).toEqual([0, 0, 0]);
  });

  it('observes the shift that the residuals so far ask for', async () => {
    const [first, second] = await play(actionsOf([1, 1, 1]));
    const shiftOf = (observation: readonly number[]) => observation.at(-2)!;
    // More for the first group means less for all; still more with the second.
    expect(shiftOf(first!.observation)).toBeLessThan(0);
    expect(shiftOf(second!.observation)).toBeLessThan(shiftOf(first!.observation));
  });

  it('refuses an unreachable budget and a reference that is not offered, before it measures', async () => {
    const evaluate = jest.fn(task.evaluate);
    const impossible = { ...task, evaluate, limits: pruneLimits({ macs: 10 }, graph) };
    await expect(createResidualPruningEnvironment(impossible, OPTIONS)).rejects.toMatchObject({
      code: 'BUDGET_INFEASIBLE',
      message: expect.stringMatching(/prune\.budget\.macs is 10, .* still has \d+/),
    });
    await expect(
      createResidualPruningEnvironment({ ...task, evaluate }, { ...OPTIONS, reference: 'taste' }),
    ).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message:
        'prune.environment.reference: there is no heuristic "taste"; offered here: uniform, magnitude.',
    });
    expect(evaluate).not.toHaveBeenCalled();
  });

  it('moves kernel slices by the same shift, alone and beside channels', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(residual, residual), { minLength: 3, maxLength: 3 }),
        fc.double({ min: 0.2, max: 0.9, noNaN: true }),
        async (actions, share) => {
          const pruners = [...task.pruners, zeroSlices(graph, 'scattered')];
          const limits = pruneLimits({ macs: share * task.baseline.macs }, graph);
          const { macs } = (await play(actions, { ...task, pruners, limits }))[2]!.info.measures!;
          expect(macs).toBeLessThanOrEqual(share * task.baseline.macs);
        },
      ),
      { numRuns: 30, seed: 3 },
    );
    const alone = { ...task, pruners: [zeroSlices(graph, 'scattered')] };
    const { macs, denseMacs } = (await play(actionsOf([0.5, -0.5, 0]), alone))[2]!.info.measures!;
    expect(denseMacs).toBe(task.baseline.macs);
    expect(macs).toBeLessThanOrEqual(task.limits[0]!.limit);
    expect(macs).toBeGreaterThan(0.97 * task.limits[0]!.limit);
  });

  it('lets blocks go at -0.5, and those of the lowest residuals where the budget asks for it', async () => {
    const resnet = await topologies.resnet20();
    const total = cost(resnet).macs;
    const both: PruneTask = {
      ...task,
      graph: resnet,
      groups: channelGroups(resnet).groups,
      pruners: [dropBlocks(resnet), firstChannels(resnet)],
      baseline: { ...task.baseline, macs: total },
      minimum: 0.5,
      limits: pruneLimits({ macs: 0.6 * total }, resnet),
    };
    const dropped = async (block: (name: string) => number, share: number) => {
      const limits = pruneLimits({ macs: share * total }, resnet);
      const steps = await play(
        both.groups.map(({ name }) => [block(name), 0]),
        { ...both, limits },
        { reference: 'magnitude' },
      );
      expect(steps.at(-1)!.info.measures!['macs']).toBeLessThanOrEqual(share * total);
      return (steps.at(-1)!.info.policy as PruneStep[])
        .filter(({ removeLayers }) => removeLayers)
        .map(({ group }) => group);
    };
    expect(await dropped((name) => (name === 'stage3_block2_a' ? -0.6 : -0.4), 0.6)).toEqual([
      'stage3_block2_a',
    ]);
    const environment = await createResidualPruningEnvironment(both, { ...OPTIONS, reference: 'magnitude' });
    const going = both.groups.map(({ name }) => [name === 'stage3_block2_a' ? -0.6 : 0, 0]);
    expect(environment.effectsOf!(going).flatMap(([block]) => (block === 0 ? [] : [block]))).toEqual([-1]);
    // The fewest channels of all blocks have about a quarter of the multiply-adds.
    const tight = await dropped((name) => (name.startsWith('stage1') ? 0.4 : 0.3), 0.2);
    expect(tight.length).toBeGreaterThan(0);
    expect(tight.every((name) => !name.startsWith('stage1'))).toBe(true);
  });
});
