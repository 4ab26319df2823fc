/**
 * Who finds the best network within N evaluations: heuristics, agents, and other optimizers, in the
 * environment with a wall and in the one around the heuristic `reconstruction`. Every search begins with it;
 * the best five of a search are measured again on images that it has not seen, and the test images tell what
 * the best of these is worth. A seed draws the images of the search, those that moments are gathered from,
 * and what the agent draws.
 *
 *     node --conditions=tersor/source --import tsx bench/search/experiment.ts \
 *       [--tasks 'example at 30%,...'] [--arms 'ddpg/residual;...'] [--seeds 1,2,3] [--evaluations 40] \
 *       [--reward accuracy] [--images 950] [--validation 1900] [--precision bfloat16] \
 *       [--backend node] [--examples FOLDER] [--shared FOLDER] [--cifar FOLDER] \
 *       [--python PROGRAM] [--out FOLDER] [--part 1/4] [--processes 4]
 *
 * One line of JSON a search, in FOLDER/PART.jsonl; what any file of FOLDER has is not run again, so that a
 * run may be stopped at any time. `--part 1/4` takes the first of every four pairs of task and seed;
 * `--processes 4` runs all four at once. One file for a machine with a GPU alone:
 *
 *     node bench/gpu/pack.mjs FOLDER --entry bench/search/experiment.ts
 *     bash FOLDER/run.sh FOLDER OUT --script experiment -- --backend webgpu ...      (there)
 *
 * `experiment-rows.ts` makes the table of it.
 */
import { spawn } from 'node:child_process';
import { appendFileSync, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { describeMachine, type OtherEpisode } from '@tersor/core';
import { AGENTS, ARMS, CHOICES, weightsOf, type Arm } from './experiment/arms.js';
import { idOf, linesOf, type Key, type Line } from './experiment/lines.js';
import { openTask, type Places } from './experiment/open-task.js';
import { searchOnce } from './experiment/search-once.js';
import { TASKS } from './experiment/tasks.js';

const { values: flags } = parseArgs({
  options: {
    tasks: { type: 'string' },
    arms: { type: 'string' },
    seeds: { type: 'string', default: '1,2,3,4,5' },
    evaluations: { type: 'string', default: '40' },
    reward: { type: 'string', default: 'accuracy' },
    backend: { type: 'string', default: 'node' },
    precision: { type: 'string' },
    images: { type: 'string' },
    validation: { type: 'string' },
    examples: { type: 'string', default: 'examples' },
    shared: { type: 'string', default: '../shared/data' },
    cifar: { type: 'string' },
    python: { type: 'string', default: 'python3' },
    out: { type: 'string', default: 'bench/search/results/experiment' },
    part: { type: 'string', default: '1/1' },
    processes: { type: 'string', default: '1' },
  },
});

async function main(): Promise<void> {
  const { backend, reward, out, python } = flags;
  const places: Places = {
    backend,
    precision: flags.precision,
    images: flags.images === undefined ? undefined : Number(flags.images),
    validation: flags.validation === undefined ? undefined : Number(flags.validation),
    examples: resolve(flags.examples),
    shared: resolve(flags.shared),
    cifar: flags.cifar && resolve(flags.cifar),
  };
  const names = flags.tasks?.split(',') ?? TASKS.filter((task) => !task.isForChoices).map(({ name }) => name);
  const tasks = names.map((name) => {
    const found = TASKS.find((task) => task.name === name.trim());
    if (!found) throw new Error(`No task "${name}": ${TASKS.map((task) => task.name).join(', ')}`);
    return found;
  });
  const wanted = flags.arms?.split(';').map((name) => name.trim());
  const nameOf = ({ agent, environment }: Arm) => `${agent}/${environment}`;
  const unknown = wanted?.find((name) => ![...ARMS, ...CHOICES].some((arm) => nameOf(arm) === name));
  if (unknown !== undefined)
    throw new Error(`No arm "${unknown}": ${[...ARMS, ...CHOICES].map(nameOf).join('; ')}`);
  const arms = wanted ? [...ARMS, ...CHOICES].filter((arm) => wanted.includes(nameOf(arm))) : ARMS;
  const seeds = flags.seeds.split(',').map(Number);
  const [part, parts] = flags.part.split('/').map(Number) as [number, number];
  mkdirSync(out, { recursive: true });
  const pairs = tasks.flatMap((task) => seeds.map((seed) => ({ task, seed })));
  for (const [index, { task, seed }] of pairs.entries()) {
    if (index % parts !== part - 1) continue;
    const keyOf = (arm: Arm): Key => ({
      task: task.name,
      ...arm,
      seed,
      evaluations: AGENTS[arm.agent]?.evaluations ?? Number(flags.evaluations),
      reward,
    });
    const done = new Set(linesOf(out).map(idOf));
    // The errors of bits are always weighed by probes: there is no arm of its own for it.
    const isOwn = ({ agent }: Arm) => task.stage === 'prune' || weightsOf(agent) === 'equal';
    const open = arms.filter((arm) => isOwn(arm) && !done.has(idOf(keyOf(arm))));
    if (open.length === 0) continue;
    const before = linesOf(out).find((line) => line.task === task.name && line.precision === flags.precision);
    const opened = await openTask(task, places, seed, before?.original.test);
    for (const arm of open) {
      const key = keyOf(arm);
      const others = episodesOf(out, reward, arm);
      const found = await searchOnce(opened, arm, { ...key, confirm: 5, python, others });
      const { original, testImages } = opened;
      const line: Line = {
        ...key,
        ...found,
        original,
        testImages,
        backend,
        precision: flags.precision,
        images: places.images,
        machine: describeMachine(),
        versions: { node: process.version },
      };
      appendFileSync(join(out, `${part}.jsonl`), `${JSON.stringify(line)}\n`);
      console.log(idOf(key), JSON.stringify(found.winner), found.seconds);
    }
    await opened.dispose();
  }
}

/** Episodes of other tasks that an agent learns from first; searches of one agent, one a seed. */
function episodesOf(folder: string, reward: string, { agent }: Arm): OtherEpisode[][] {
  const task = AGENTS[agent]?.studies;
  if (task === undefined) return [];
  const found = linesOf(folder).flatMap(({ features, episodes, ...line }) =>
    line.reward === reward && line.task === task && line.agent === 'ensemble' && features && episodes
      ? [episodes.map((episode) => ({ features, ...episode }))]
      : [],
  );
  if (found.length === 0) throw new Error(`"${agent}" needs searches of "ensemble" in "${task}"`);
  return found;
}

/** Runs the parts at once, each in a process of its own, which end with this one. */
function inProcesses(count: number): void {
  const own = process.argv.slice(2).filter((flag, i, all) => ![flag, all[i - 1]].includes('--processes'));
  for (let part = 1; part <= count; part++) {
    const [program, ...before] = [process.execPath, ...process.execArgv, process.argv[1]!];
    const child = spawn(program!, [...before, ...own, '--part', `${part}/${count}`], { stdio: 'inherit' });
    process.on('SIGTERM', () => child.kill());
  }
}

const processes = Number(flags.processes);
if (processes > 1) inProcesses(processes);
else void main();
