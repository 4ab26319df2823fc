// The ensemble by `agreement` over the tasks: against the heuristic, against CMA-ES, and by how it begins.
import { holm, mean, pairedDifference } from '@tersor/study';
import { differenceText } from '../../pages/figures.js';
import type { Line } from './lines.js';
import { TASKS } from './tasks.js';

/** The agent of the summary, and the same that begins with what searches in another network have taught. */
export const AGENT = 'ensemble';
export const CARRIED = 'ensemble, carried over';
const TEN = 10;
/** Fewer give no interval. */
const SEEDS = 3;

/** Of one agent in a task by `agreement`, a value a seed. */
function bySeed(
  lines: readonly Line[],
  task: string,
  agent: string,
  valueOf: (line: Line) => number,
): Map<number, number> {
  const own = lines.filter(
    (line) => line.task === task && line.reward === 'agreement' && line.agent === agent,
  );
  return new Map(own.map((line) => [line.seed, valueOf(line)]));
}

/**
 * What an agent ends with on test images, and the best reward that it has found, above what each of others
 * does; for all tasks that both have run.
 */
export function aboveOn(lines: readonly Line[], names: readonly string[], agent = AGENT) {
  const testOf = ({ winner }: Line) => winner.test;
  const rewardOf = ({ best }: Line) => best.at(-1)!;
  const pairs = TASKS.filter((task) => !task.isForChoices).flatMap(({ name }) =>
    names.map((other) => ({ name, other })),
  );
  const found = pairs.flatMap(({ name, other }) => {
    const [own, others] = [bySeed(lines, name, agent, testOf), bySeed(lines, name, other, testOf)];
    const shared = [...own.keys()].filter((seed) => others.has(seed));
    const difference = pairedDifference(own, others);
    const reward = pairedDifference(
      bySeed(lines, name, agent, rewardOf),
      bySeed(lines, name, other, rewardOf),
    );
    if (!difference || !reward) return [];
    const meanOf = (values: Map<number, number>) => mean(shared.map((seed) => values.get(seed)!));
    const original = lines.find(({ task, reward: by }) => task === name && by === 'agreement')!;
    const of = { original: original.original.test, testImages: original.testImages };
    /** A name that a page can write in a path. */
    const id = name.replaceAll(/[ .]/g, '-');
    const means = { own: meanOf(own), other: meanOf(others) };
    return [{ task: name, id, against: other, seeds: shared.length, ...of, ...means, difference, reward }];
  });
  const tests = corrected(found.map(({ difference }) => difference));
  const rewards = corrected(found.map(({ reward }) => reward));
  return found.map(({ difference: _difference, reward: _reward, ...row }, i) => ({
    ...row,
    ...tests[i]!,
    text: differenceText('testAccuracy', tests[i]!),
    rewardText: differenceText('pruneReward', rewards[i]!),
  }));
}

/**
 * The same with the mean of all tasks of some stages as a seed's value, against each of others: one
 * comparison each, of the tasks and seeds that both have run whole. Corrected for the number of others.
 */
export function aboveOnAll(
  lines: readonly Line[],
  names: readonly string[],
  stages: readonly string[],
  agent = AGENT,
) {
  const testOf = ({ winner }: Line) => winner.test;
  const tasks = TASKS.filter(({ isForChoices, stage }) => !isForChoices && stages.includes(stage));
  const found = names.flatMap((other) => {
    const both = tasks.flatMap(({ name }) => {
      const [own, others] = [bySeed(lines, name, agent, testOf), bySeed(lines, name, other, testOf)];
      return [...own.keys()].filter((seed) => others.has(seed)).length >= SEEDS ? [{ own, others }] : [];
    });
    if (both.length < 2) return [];
    const seeds = [...both[0]!.own.keys()].filter((seed) =>
      both.every(({ own, others }) => own.has(seed) && others.has(seed)),
    );
    const meanOf = (who: 'own' | 'others') =>
      new Map(seeds.map((seed) => [seed, mean(both.map((task) => task[who].get(seed)!))]));
    const [own, others] = [meanOf('own'), meanOf('others')];
    const difference = pairedDifference(own, others);
    if (!difference) return [];
    const means = { own: mean([...own.values()]), other: mean([...others.values()]) };
    return [{ against: other, tasks: both.length, seeds: seeds.length, ...means, difference }];
  });
  const tests = corrected(found.map(({ difference }) => difference));
  return found.map(({ difference: _difference, ...row }, i) => ({
    ...row,
    ...tests[i]!,
    text: differenceText('testAccuracy', tests[i]!),
  }));
}

type Difference = NonNullable<ReturnType<typeof pairedDifference>>;

/**
 * By Holm for all that are given; of fewer than three seeds there is no interval, and no claim to correct
 * for.
 */
function corrected(differences: readonly Difference[]) {
  const tested = differences.filter(({ p }) => p !== undefined);
  const adjusted = holm(tested.map(({ p }) => p!));
  return differences.map((difference) => {
    const place = tested.indexOf(difference);
    return place < 0 ? difference : { ...difference, adjusted: adjusted[place]! };
  });
}

/** The agent after ten evaluations by how it began: the best reward, and against beginning anew. */
export function carriedIn(lines: readonly Line[], task: string) {
  const afterTen = ({ best }: Line) => best[Math.min(TEN, best.length) - 1]!;
  const anew = bySeed(lines, task, AGENT, afterTen);
  const carried = bySeed(lines, task, CARRIED, afterTen);
  return ['reconstruction', AGENT, CARRIED].flatMap((agent) => {
    const own = new Map(
      [...bySeed(lines, task, agent, afterTen)].filter(([seed]) => anew.has(seed) && carried.has(seed)),
    );
    const seeds = [...own.keys()];
    if (seeds.length === 0) return [];
    const difference = agent === AGENT ? undefined : pairedDifference(own, anew);
    const ahead = seeds.filter((seed) => own.get(seed)! > anew.get(seed)!).length;
    return [
      {
        task,
        name: agent,
        seeds: seeds.length,
        best10: mean(seeds.map((seed) => own.get(seed)!)),
        ...(difference && { ahead, ...difference, text: differenceText('pruneReward', difference) }),
      },
    ];
  });
}
