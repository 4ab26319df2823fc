/**
 * How much of a candidate's worth the images of a search can tell: policies drawn around the heuristic
 * `reconstruction` are measured on the images of a search and on the test images, and the rewards are ranked
 * against the accuracy on test images. Run:
 *
 *     node --conditions=tersor/source --import tsx bench/search/signal.ts --task 'example at 22%' \
 *       [--policies 24] [--sigma 0.1] [--images 500] [--seed 1] [--precision bfloat16] [--cifar FOLDER]
 *
 * Appends a line of JSON to `results/signal.jsonl`.
 */
import { appendFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { createRandom, describeMachine } from '@tersor/core';
import { openTask } from './experiment/open-task.js';
import { TASKS } from './experiment/tasks.js';

const { values: flags } = parseArgs({
  options: {
    task: { type: 'string', default: 'example at 22%' },
    policies: { type: 'string', default: '24' },
    sigma: { type: 'string', default: '0.1' },
    images: { type: 'string' },
    seed: { type: 'string', default: '1' },
    precision: { type: 'string', default: 'bfloat16' },
    examples: { type: 'string', default: 'examples' },
    shared: { type: 'string', default: '../shared/data' },
    cifar: { type: 'string' },
  },
});

/** Places in order, the mean place for equal values. */
function ranks(values: readonly number[]): number[] {
  const sorted = [...values].sort((a, b) => a - b);
  return values.map((value) => (sorted.indexOf(value) + sorted.lastIndexOf(value)) / 2);
}

function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [ma, mb] = [mean(a), mean(b)];
  const product = (x: readonly number[], y: readonly number[], mx: number, my: number) =>
    x.reduce((sum, value, i) => sum + (value - mx) * (y[i]! - my), 0);
  return product(a, b, ma, mb) / Math.sqrt(product(a, a, ma, ma) * product(b, b, mb, mb));
}

async function main(): Promise<void> {
  const task = TASKS.find(({ name }) => name === flags.task);
  if (!task) throw new Error(`No task "${flags.task}": ${TASKS.map(({ name }) => name).join(', ')}`);
  const [seed, sigma] = [Number(flags.seed), Number(flags.sigma)];
  const images = flags.images === undefined ? task.images : Number(flags.images);
  const opened = await openTask({ ...task, images }, placesOf(), seed);
  const random = createRandom(seed, 'policies around the heuristic');
  const [searching, testing] = [
    await opened.environment('residual', 'search', 'accuracy'),
    await opened.environment('residual', 'test', 'accuracy'),
  ];
  const policies = Array.from({ length: Number(flags.policies) }, (_, policy) =>
    Array.from({ length: searching.maxSteps }, () => [policy === 0 ? 0 : 2 * sigma * random.normal()]),
  );
  const measured: { accuracy: number; divergence: number; test: number; testDivergence: number }[] = [];
  for (const actions of policies) {
    const [own, test] = [searching, testing].map(async (environment) => {
      await environment.reset(seed);
      let measures: Readonly<Record<string, number>> = {};
      for (const action of actions) measures = (await environment.step(action)).info.measures ?? measures;
      return measures;
    });
    const [a, b] = [await own!, await test!];
    measured.push({
      accuracy: a['accuracy']!,
      divergence: a['divergence']!,
      test: b['accuracy']!,
      testDivergence: b['divergence']!,
    });
  }
  await opened.dispose();
  const column = (name: keyof (typeof measured)[number]) => measured.map((each) => each[name]);
  const test = ranks(column('test'));
  const least = (values: readonly number[]) => values.indexOf(Math.min(...values));
  const line = {
    task: task.name,
    seed,
    sigma,
    images,
    policies: policies.length,
    testImages: opened.testImages,
    /** Rank correlation (Spearman) with the accuracy on test images. */
    ranked: {
      accuracy: correlation(ranks(column('accuracy')), test),
      agreement: correlation(ranks(column('divergence').map((value) => -value)), test),
      agreementOnTest: correlation(ranks(column('testDivergence').map((value) => -value)), test),
    },
    /** Test accuracy of the heuristic, of what each reward would choose, and of the best of all. */
    heuristic: measured[0]!.test,
    byAccuracy: measured[least(column('accuracy').map((value) => -value))]!.test,
    byAgreement: measured[least(column('divergence'))]!.test,
    best: Math.max(...column('test')),
    above: measured.filter(({ test: accuracy }) => accuracy > measured[0]!.test).length,
    measured,
    machine: describeMachine(),
  };
  appendFileSync(join(__dirname, 'results/signal.jsonl'), `${JSON.stringify(line)}\n`);
  console.log(JSON.stringify({ ...line, measured: undefined, machine: undefined }));
}

const placesOf = () => ({
  backend: 'node',
  precision: flags.precision,
  examples: resolve(flags.examples),
  shared: resolve(flags.shared),
  cifar: flags.cifar && resolve(flags.cifar),
});

void main();
