/**
 * What it saves that refits which come up again are kept: the candidates of a search of the experiment, as
 * `results/experiment` has them, are made once more, with the refits of those before and without. Run:
 *
 *     node --conditions=tersor/source --import tsx bench/search/known-refits.ts [--task 'example at 15%'] \
 *       [--seed 3] [--shared FOLDER]
 */
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { describeMachine, TOKENS, type LayerGraph, type PrunePlan } from '@tersor/core';
import { applyPlan, channelGroups } from '@tersor/network';
import { linesOf } from './experiment/lines.js';
import { openTask, type Places } from './experiment/open-task.js';
import { TASKS } from './experiment/tasks.js';

const { values: flags } = parseArgs({
  options: {
    task: { type: 'string', default: 'example at 15%' },
    seed: { type: 'string', default: '3' },
    examples: { type: 'string', default: 'examples' },
    shared: { type: 'string', default: '../shared/data' },
  },
});

/** The same network, whose refits nobody knows. */
const copyOf = (graph: LayerGraph): LayerGraph => ({
  ...graph,
  layers: graph.layers.map((layer) => ({
    ...layer,
    weights: layer.weights.map((weight) => ({ ...weight, data: weight.data.slice() })),
  })),
});

async function main(): Promise<void> {
  const seed = Number(flags.seed);
  const task = TASKS.find(({ name }) => name === flags.task)!;
  const line = linesOf(join(__dirname, 'results/experiment')).find(
    (each) => each.task === flags.task && each.seed === seed && each.episodes !== undefined,
  );
  if (!line) throw new Error(`No search of "${flags.task}" with seed ${seed} has left its episodes`);
  const places: Places = {
    backend: 'node',
    validation: line.images === undefined ? undefined : 2 * line.images,
    examples: resolve(flags.examples),
    shared: resolve(flags.shared),
    cifar: undefined,
  };
  const opened = await openTask(task, places, seed, line.original.test);
  const pruner = await opened.host.get(TOKENS.pruner);
  const times = { known: [] as number[], anew: [] as number[] };
  const plans: PrunePlan[] = [];
  const graph = opened.network;
  const environment = await opened.environment('residual', async () => ({ accuracy: 0 }), 'accuracy');
  for (const { actions } of line.episodes!) {
    await environment.reset(seed);
    for (const action of actions) {
      const { info } = await environment.step(action);
      if (info.policy) plans.push(info.policy as PrunePlan);
    }
  }
  // What the walk has made known is forgotten.
  const { groups } = channelGroups(graph);
  const dataset = await opened.host.get(TOKENS.dataset);
  const backend = await opened.host.get(TOKENS.backend);
  await pruner.prepare({ graph, groups, dataset, backend, seed });
  for (const plan of plans) {
    for (const [way, whole] of [
      ['anew', copyOf(graph)],
      ['known', graph],
    ] as const) {
      const started = performance.now();
      applyPlan(whole, [pruner], plan);
      times[way].push((performance.now() - started) / 1000);
    }
  }
  await opened.dispose();
  const sum = (values: readonly number[]) => Number(values.reduce((a, b) => a + b, 0).toFixed(2));
  const [known, anew] = [sum(times.known), sum(times.anew)];
  const written = {
    task: task.name,
    seed,
    candidates: plans.length,
    machine: describeMachine(),
    node: process.version,
    seconds: { anew, known },
    share: Number((known / anew).toFixed(3)),
  };
  writeFileSync(join(__dirname, 'results/known-refits.json'), `${JSON.stringify(written, undefined, 1)}\n`);
  console.log(written);
}

void main();
