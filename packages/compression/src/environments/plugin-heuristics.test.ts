import type {
  Action,
  AllocationQuestion,
  LayerGraph,
  Pruner,
  PruneStep,
  PruneTask,
  SharesQuestion,
} from '@tersor/core';
import { firstChannels } from '../../../network/test/first-channels.js';
import { zeroSlices } from '../../../network/test/zero-slices.js';
import { smallPruneTask } from '../../test/small-prune-task.js';
import { createPruningEnvironment } from './pruning-environment.js';

describe('heuristics of pruners', () => {
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

  it('offers the heuristics of its pruners, and carries out what they answer', async () => {
    const questions: AllocationQuestion[] = [];
    const knowing: Pruner = {
      ...firstChannels(graph),
      heuristics: {
        greedy: async (question) => {
          questions.push(question);
          const { groups, smallest, nearest, fits } = question;
          return groups.reduce<number[]>(
            (counts, { channels }, i) =>
              counts.with(
                i,
                [channels, channels / 2]
                  .map((count) => nearest(i, count))
                  .find((count) => fits(counts.with(i, count))) ?? smallest[i]!,
              ),
            [...smallest],
          );
        },
      },
    };
    const given = { ...task, pruners: [knowing], multiple: 4 };
    const environment = createPruningEnvironment(given);
    expect(Object.keys(environment.heuristics!)).toEqual(['uniform', 'magnitude', 'greedy']);
    const answer = await environment.heuristics!['greedy']!();
    // Of 97,792 multiply-adds a half may stay: 8 and 8 channels have more, 8, 4 and 16 have 42,496.
    expect(answer).toEqual([[1], [1 / 3], [1]]);
    const steps = await episode(answer, given);
    expect((steps[2]!.info.policy as PruneStep[]).map(({ keep }) => keep!.length)).toEqual([8, 4, 16]);
    const [{ limits, used, multiple, smallest }] = questions as [AllocationQuestion];
    expect([multiple, smallest]).toEqual([4, [4, 4, 4]]);
    expect(limits[0]!.of([8, 12, 16])).toBe(task.baseline.macs);
    expect(used([8, 12, 16])).toBeCloseTo(2, 9);
    expect([limits[0]!.of([8, 4, 16]), steps[2]!.info.measures!['macs']]).toEqual([42496, 42496]);
  });

  describe('with a pruner of slices that takes part', () => {
    const questions: SharesQuestion[] = [];
    const slices = (): Pruner => ({
      ...zeroSlices(graph, 'scattered', task.groups),
      sliceHeuristic: {
        name: 'evenly',
        share: 0.6,
        spread: (question) => {
          questions.push(question);
          let share = 1;
          while (!question.fits(question.groups.map(() => share))) share -= 0.01;
          return question.groups.map(() => share);
        },
      },
    });
    beforeEach(() => questions.splice(0));

    it('channels are spread as if its share of slices stayed, and it spreads what they leave', async () => {
      const asked: AllocationQuestion[] = [];
      const knowing: Pruner = {
        ...firstChannels(graph),
        heuristics: {
          fixed: (question) => {
            asked.push(question);
            return [8, 8, 16];
          },
        },
      };
      const given = { ...task, pruners: [knowing, slices()] };
      const answer = await createPruningEnvironment(given).heuristics!['fixed']!();
      // With a share of 0.6 these counts have about 0.6 x 71,168 of the 48,896 multiply-adds that may stay.
      expect(asked[0]!.used([8, 8, 16])).toBeCloseTo((0.6 * 71168) / 48896, 1);
      expect(answer.map(([channels]) => channels)).toEqual([1, 8 / 12, 1]);
      const [, share] = answer[0]!;
      expect(share).toBeGreaterThan(0.6);
      expect(share).toBeLessThan(0.75);
      expect(questions[0]!.channels.map(({ keep }) => keep!.length)).toEqual([8, 8, 16]);
      const steps = await episode(answer, given);
      expect(steps.map(({ info }) => info.executed)).toEqual(answer);
      const { macs } = steps[2]!.info.measures!;
      expect(macs).toBeLessThanOrEqual(task.limits[0]!.limit);
      expect(macs).toBeGreaterThan(0.95 * task.limits[0]!.limit);
    });

    it('alone its own heuristic is offered; all channels stay', async () => {
      const given = { ...task, pruners: [slices()] };
      const environment = createPruningEnvironment(given);
      expect(Object.keys(environment.heuristics!)).toEqual(['uniform', 'magnitude', 'evenly']);
      const steps = await episode(await environment.heuristics!['evenly']!(), given);
      expect(questions[0]!.channels).toEqual([]);
      expect(steps[2]!.info.measures!['macs']).toBeLessThanOrEqual(task.limits[0]!.limit);
      expect(steps[2]!.info.measures!['denseMacs']).toBe(task.baseline.macs);
    });
  });

  it('refuses two pruners that give different heuristics one name', () => {
    const knowing = (id: string, name: string): Pruner => ({
      ...firstChannels(graph),
      id,
      heuristics: { [name]: () => [] },
    });
    for (const [pruners, owner] of [
      [[knowing('a', 'fisher'), knowing('b', 'fisher')], '"a"'],
      [[knowing('a', 'uniform')], 'the environment'],
    ] as const)
      expect(() => createPruningEnvironment({ ...task, pruners })).toThrow(
        expect.objectContaining({ code: 'PLUGIN_DUPLICATE', message: expect.stringContaining(owner) }),
      );
  });
});
