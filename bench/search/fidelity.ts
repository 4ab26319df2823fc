/**
 * What cheaper looks at candidates give: fewer images, fewer first and then more of the better ones,
 * successive halving. Policies are drawn around the heuristic `reconstruction`; of each the divergence from
 * the original's outputs is noted image by image, with its accuracy on the test images and the time that
 * making and measuring it took. The choices are then played over what was noted, in many orders of the
 * images. Run:
 *
 *     node --conditions=tersor/source --import tsx bench/search/fidelity.ts [--task 'example at 15%'] \
 *       [--policies 48] [--sigma 0.1] [--images 950] [--precision bfloat16] [--cifar FOLDER] \
 *       [--shared FOLDER]
 *
 * One line of JSON a policy in `results/fidelity.jsonl`, so that a run may be stopped and goes on; what it
 * comes to is in `results/fidelity.json`.
 */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createRandom, describeMachine, TOKENS, type Environment, type LayerGraph } from '@tersor/core';
import { createDivergenceMeter } from '../../packages/compression/src/training/divergence.js';
import { median } from '../median.js';
import { openTask, type OpenTask } from './experiment/open-task.js';
import { TASKS } from './experiment/tasks.js';
import { played, type Candidate } from './fidelity-choices.js';

const { values: flags } = parseArgs({
  options: {
    task: { type: 'string', default: 'example at 15%' },
    policies: { type: 'string', default: '48' },
    sigma: { type: 'string', default: '0.1' },
    images: { type: 'string', default: '950' },
    seed: { type: 'string', default: '1' },
    precision: { type: 'string', default: 'bfloat16' },
    examples: { type: 'string', default: 'examples' },
    shared: { type: 'string', default: '../shared/data' },
    cifar: { type: 'string' },
  },
});

const LINES = join(__dirname, 'results/fidelity.jsonl');

async function main(): Promise<void> {
  const task = TASKS.find(({ name }) => name === flags.task);
  if (!task) throw new Error(`No task "${flags.task}": ${TASKS.map(({ name }) => name).join(', ')}`);
  const [seed, sigma, count] = [flags.seed, flags.sigma, flags.policies].map(Number) as [
    number,
    number,
    number,
  ];
  const images = Number(flags.images);
  const known = candidates();
  if (known.length < count) {
    const places = {
      backend: 'node',
      precision: flags.precision,
      validation: 2 * images,
      examples: resolve(flags.examples),
      shared: resolve(flags.shared),
      cifar: flags.cifar && resolve(flags.cifar),
    };
    const opened = await openTask(task, places, seed);
    const look = await perImage(opened, images);
    const searching = await opened.environment('residual', look.measure, 'agreement');
    const testing = await opened.environment('residual', 'test', 'agreement');
    const random = createRandom(seed, 'policies around the heuristic');
    for (let policy = 0; policy < count; policy++) {
      const actions = Array.from({ length: searching.maxSteps }, () => [
        policy === 0 ? 0 : 2 * sigma * random.normal(),
      ]);
      if (policy < known.length) continue;
      const started = performance.now();
      await walk(searching, actions, seed);
      const seconds = (performance.now() - started) / 1000;
      const { accuracy } = await walk(testing, actions, seed);
      const { divergences, measuring } = look.last();
      const line = { divergences, test: accuracy!, making: seconds - measuring, measuring };
      appendFileSync(LINES, `${JSON.stringify({ ...line, machine: describeMachine() })}\n`);
    }
    await opened.dispose();
  }
  const all = candidates();
  const median3 = (of: (each: Candidate) => number) => Number(median(all.map(of)).toFixed(3));
  const [making, measuring] = [median3((each) => each.making), median3((each) => each.measuring)];
  const written = {
    task: task.name,
    seed,
    sigma,
    images,
    policies: all.length,
    machine: all[0]!.machine,
    versions: { node: process.version, precision: flags.precision },
    making,
    measuring,
    heuristic: all[0]!.test,
    best: Math.max(...all.map(({ test }) => test)),
    rows: played(all, { making, measuring, seed }),
  };
  writeFileSync(join(__dirname, 'results/fidelity.json'), `${JSON.stringify(written, undefined, 1)}\n`);
  console.log(JSON.stringify(written, undefined, 1));
}

function candidates(): Candidate[] {
  if (!existsSync(LINES)) return [];
  const lines = readFileSync(LINES, 'utf8').split('\n');
  return lines.filter((line) => line.endsWith('}')).map((line) => JSON.parse(line) as Candidate);
}

/** Measures candidates image by image, and keeps what the last one had. */
async function perImage({ host, network: original }: OpenTask, count: number) {
  const backend = await host.get(TOKENS.backend);
  const dataset = await host.get(TOKENS.dataset);
  const places = Array.from({ length: count }, (_, i) => i);
  const { images } = await dataset.read('validation', places);
  const outputsOf = async (graph: LayerGraph) => {
    const session = await backend.compile(graph);
    try {
      return await session.run(images);
    } finally {
      session.dispose();
    }
  };
  const meter = createDivergenceMeter(original, count, () => outputsOf(original));
  let last = { divergences: [] as number[], measuring: 0 };
  return {
    last: () => last,
    measure: async (graph: LayerGraph) => {
      const started = performance.now();
      const outputs = await outputsOf(graph);
      const measuring = (performance.now() - started) / 1000;
      const classes = outputs.length / count;
      const divergences: number[] = [];
      for (const place of places) {
        const own = outputs.slice(place * classes, (place + 1) * classes);
        divergences.push(Number((await meter.summed(own, [place])).toPrecision(5)));
      }
      last = { divergences, measuring };
      return { accuracy: 0, divergence: divergences.reduce((sum, each) => sum + each, 0) / count };
    },
  };
}

/** Walks an episode; what its candidate measured. */
async function walk(environment: Environment, actions: readonly number[][], seed: number) {
  await environment.reset(seed);
  let measures: Readonly<Record<string, number>> = {};
  for (const action of actions) measures = (await environment.step(action)).info.measures ?? measures;
  return measures;
}

void main();
