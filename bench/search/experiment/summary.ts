// The ensemble by `agreement` over the tasks: against the heuristic, against CMA-ES, and by how it begins.
import { holm, mean, pairedDifference } from '@tersor/study';
import { differenceText } from '../../pages/figures.js';
import type { Line } from './lines.js';
import { TASKS } from './tasks.js';

/** The agent of the summary, and what it begins from, is compared with, and begins like. */
export const AGENT = 'ensemble, guesses';
export const BEGINNINGS = ['ensemble, shared', 'ensemble, carried over'];
const TEN = 10;

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

/** What the agent ends with on test images, above what another does; for all tasks that both have run. */
export function aboveOn(lines: readonly Line[], other: string) {
  const testOf = ({ winner }: Line) => winner.test;
  const found = TASKS.filter((task) => !task.isForChoices).flatMap(({ name }) => {
    const [own, others] = [bySeed(lines, name, AGENT, testOf), bySeed(lines, name, other, testOf)];
    const shared = [...own.keys()].filter((seed) => others.has(seed));
    const difference = pairedDifference(own, others);
    if (!difference) return [];
    const meanOf = (values: Map<number, number>) => mean(shared.map((seed) => values.get(seed)!));
    const original = lines.find(({ task, reward }) => task === name && reward === 'agreement')!;
    const of = { original: original.original.test, testImages: original.testImages };
    /** A name that a page can write in a path. */
    const id = name.replaceAll(' ', '-');
    return [
      { task: name, id, seeds: shared.length, ...of, own: meanOf(own), other: meanOf(others), difference },
    ];
  });
  // Of fewer than three seeds there is no interval, and no claim to correct for.
  const tested = found.filter(({ difference }) => difference.p !== undefined);
  const adjusted = new Map(
    holm(tested.map(({ difference }) => difference.p!)).map((p, i) => [tested[i]!.task, p]),
  );
  return found.map(({ difference, ...row }) => {
    const corrected = { ...difference, ...(adjusted.has(row.task) && { adjusted: adjusted.get(row.task)! }) };
    return { ...row, ...corrected, text: differenceText('testAccuracy', corrected) };
  });
}

/** The agent after ten evaluations by how it began: the best reward, and against beginning anew. */
export function carriedIn(lines: readonly Line[], task: string) {
  const afterTen = ({ best }: Line) => best[Math.min(TEN, best.length) - 1]!;
  const anew = bySeed(lines, task, BEGINNINGS[0]!, afterTen);
  return ['reconstruction', ...BEGINNINGS, AGENT].flatMap((agent) => {
    const own = bySeed(lines, task, agent, afterTen);
    const seeds = [...own.keys()].filter((seed) => anew.has(seed));
    if (seeds.length === 0) return [];
    const difference = agent === BEGINNINGS[0] ? undefined : pairedDifference(own, anew);
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
