/**
 * Sums up what `experiment.ts` has measured: `results/experiment.json`, of all lines in
 * `results/experiment/*.jsonl`. For each task a row an arm, and the differences of test accuracy, paired by
 * seed, with Holm's correction for all differences of the task; `summary` has the ensemble against the
 * heuristics and the other searches over the tasks, `carried` what it has after ten evaluations by how it
 * begins. Run:
 *
 *     node --conditions=tersor/source --import tsx bench/search/experiment-rows.ts
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { holm, mean, pairedDifference, standardDeviation } from '@tersor/study';
import { differenceText } from '../pages/figures.js';
import { AGENTS, ARMS, CHOICES, HEURISTICS, type Arm } from './experiment/arms.js';
import { linesOf, type Line } from './experiment/lines.js';
import { aboveOn, aboveOnAll, CARRIED, carriedIn } from './experiment/summary.js';
import { TASKS } from './experiment/tasks.js';

const FOLDER = join(__dirname, 'results/experiment');
/** Agents that learn; the others search without. */
const LEARNING = /^(ddpg|ppo|ensemble)/;

const nameOf = ({ agent, environment }: Arm) =>
  HEURISTICS.includes(agent) ? agent : `${agent}${environment === 'plain' ? ' (wall)' : ''}`;

interface Runs {
  readonly name: string;
  readonly arm: Arm;
  readonly lines: readonly Line[];
}

function rowOf({ name, arm, lines }: Runs) {
  const tests = lines.map(({ winner }) => winner.test);
  const deviation = standardDeviation(tests);
  const bestAfter = (count: number) => mean(lines.map(({ best }) => best[Math.min(count, best.length) - 1]!));
  return {
    name,
    learns: LEARNING.test(arm.agent),
    seeds: lines.length,
    test: mean(tests),
    ...(deviation !== undefined && { deviation }),
    confirm: mean(lines.map(({ winner }) => winner.confirm)),
    unconfirmed: mean(lines.map(({ unconfirmed }) => unconfirmed)),
    best10: bestAfter(10),
    best20: bestAfter(20),
    best: bestAfter(Infinity),
    heuristic: lines.filter(({ isHeuristic }) => isHeuristic).length,
    seconds: mean(lines.map(({ seconds }) => seconds)),
    backends: [...new Set(lines.map(({ backend }) => backend))].join(', '),
    curve: lines[0]!.best.map((_, i) => mean(lines.map(({ best }) => best[Math.min(i, best.length - 1)]!))),
  };
}

/** Of each search to the heuristic, and of each that learns to each that does not. */
function differencesOf(all: readonly Runs[]) {
  const bySeed = ({ lines }: Runs) =>
    new Map(
      lines.map(({ seed, winner, testImages: count }) => [
        seed,
        { value: winner.test, bounds: [0, 1] as const, count },
      ]),
    );
  const pairs = all.flatMap((one) =>
    all.flatMap((other) => {
      const isBase = other.name === 'reconstruction' && one.name !== other.name;
      const isLearning = LEARNING.test(one.arm.agent);
      const isRival = !LEARNING.test(other.arm.agent) && !HEURISTICS.includes(other.arm.agent);
      return isBase || (isLearning && isRival) ? [{ one, other }] : [];
    }),
  );
  const found = pairs.flatMap(({ one, other }) => {
    const difference = pairedDifference(bySeed(one), bySeed(other));
    return difference ? [{ name: one.name, against: other.name, ...difference }] : [];
  });
  const adjusted = holm(found.map(({ p }) => p ?? 1));
  return found.map((difference, i) => {
    const corrected = difference.p === undefined ? difference : { ...difference, adjusted: adjusted[i]! };
    return { ...corrected, text: differenceText('testAccuracy', corrected) };
  });
}

const lines = linesOf(FOLDER);
const rewarded = TASKS.flatMap((task) => [
  { task, reward: 'accuracy', title: task.name },
  { task, reward: 'agreement', title: `${task.name}, by agreement` },
]);
const tasks = rewarded.flatMap(({ task, reward, title }) => {
  const runs = [...ARMS, ...CHOICES].flatMap((arm): Runs[] => {
    const own = lines
      .filter(
        (line) =>
          line.task === task.name &&
          line.reward === reward &&
          nameOf(line) === nameOf(arm) &&
          line.agent !== CARRIED,
      )
      .sort((a, b) => a.seed - b.seed);
    return own.length > 0 ? [{ name: nameOf(arm), arm, lines: own }] : [];
  });
  if (runs.length === 0) return [];
  const differences = differencesOf(runs);
  const toHeuristic = new Map(
    differences.flatMap(({ name, against, text }) => (against === 'reconstruction' ? [[name, text]] : [])),
  );
  const [first] = runs[0]!.lines;
  return [
    {
      task: title,
      isForChoices: task.isForChoices ?? false,
      evaluations: first!.evaluations,
      reward: first!.reward,
      testImages: Math.max(...runs.flatMap((each) => each.lines.map(({ testImages }) => testImages))),
      original: first!.original,
      rows: runs
        .map((each) => ({ ...rowOf(each), difference: toHeuristic.get(each.name) ?? '' }))
        .sort((a, b) => b.test - a.test),
      differences,
    },
  ];
});
const machines = [...new Set(lines.map(({ machine }) => JSON.stringify(machine)))].map(
  (text) => JSON.parse(text) as unknown,
);
/** What `signal.ts` has found: of each reward, how well it ranks policies. */
const signals = readFileSync(join(__dirname, 'results/signal.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => {
    const { measured: _measured, machine: _machine, ...signal } = JSON.parse(line) as Record<string, unknown>;
    return signal;
  });
/** Those that learn no value of policies. */
const SEARCHES = ['cma', 'evolution', 'random', 'tpe', 'gp'];
const OTHER_HEURISTICS = HEURISTICS.filter((name) => name !== 'reconstruction');
const heuristic = aboveOn(lines, ['reconstruction']);
const summary = {
  heuristic,
  /** Those of enough seeds for an interval. */
  told: heuristic.filter(({ interval }) => interval !== undefined),
  searches: aboveOn(lines, SEARCHES),
  learning: aboveOn(lines, ['ddpg', 'ppo']),
  cmaItself: aboveOn(lines, ['reconstruction'], 'cma'),
  others: aboveOn(lines, OTHER_HEURISTICS),
  probed: aboveOn(lines, ['reconstruction, probed', 'ensemble'], 'ensemble, probed'),
};
const OTHERS = ['reconstruction', ...SEARCHES, 'ddpg', 'ppo'];
const overall = {
  both: aboveOnAll(lines, OTHERS, ['prune', 'quantize']),
  channels: aboveOnAll(lines, OTHERS, ['prune']),
  heuristics: aboveOnAll(lines, OTHER_HEURISTICS, ['prune']),
  bits: aboveOnAll(lines, OTHERS, ['quantize']),
  /** The default of stage 2. */
  ddpgBits: aboveOnAll(
    lines,
    OTHERS.filter((name) => name !== 'ddpg'),
    ['quantize'],
    'ddpg',
  ),
};
const carried = TASKS.flatMap(({ name }) => carriedIn(lines, name));
const written = {
  signals,
  searches: lines.length,
  machines,
  agents: AGENTS,
  summary,
  overall,
  carried,
  tasks,
};
writeFileSync(join(__dirname, 'results/experiment.json'), `${JSON.stringify(written, undefined, 1)}\n`);
for (const [name, rows] of Object.entries(summary))
  for (const { task, against, seeds, text } of rows)
    console.log(`${name}, against ${against} | ${task} | ${seeds} | ${text}`);
for (const [name, rows] of Object.entries(overall))
  for (const { against, tasks: count, seeds, text } of rows)
    console.log(`over ${count} tasks (${name}), against ${against} | ${seeds} | ${text}`);
for (const { task, rows } of tasks)
  for (const { name, seeds, test, best, heuristic, difference } of rows)
    console.log([task, name, seeds, test.toFixed(4), best.toFixed(4), heuristic, difference].join(' | '));
