/**
 * Evaluations a minute of a channel-pruning search on the example, in one process and in two, one thread
 * each: what `prune.search.parallel: 2` gains on two cores. Both take turns within one run, on the same
 * candidates; the figure is the median of the rounds' ratios. Wants a calm machine: the load is written
 * beside it.
 *
 *   node --conditions=tersor/source --require ./tools/read-sources.cjs bench/search/parallel.ts \
 *     [backend] [rounds]
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import type { Summary } from '@tersor/compression';
import { compressConfigSchema, createRandom, describeMachine, readConfig } from '@tersor/core';
import { openModel } from '@tersor/network';
import {
  startEpisodePool,
  type EpisodePool,
} from '../../packages/compression/src/search/workers/episode-pool.js';
import { median } from '../median.js';

const EXAMPLE = join(__dirname, '../../examples/vgg-small');
/** Candidates of one round. */
const CANDIDATES = 8;
const LANES = 2;
const AIM = 1.6;

async function startPool(processes: number, backend: string): Promise<EpisodePool> {
  const config = await readConfig(join(EXAMPLE, 'compress.yaml'), compressConfigSchema, [
    `backend=${backend === 'wasm' ? '{ use: wasm, workers: 1 }' : backend}`,
    `prune.search.parallel=${LANES}`,
    'prune.images=1000',
  ]);
  const model = await openModel(config.model, { directory: EXAMPLE });
  const summary = JSON.parse(readFileSync(join(EXAMPLE, 'result/summary.json'), 'utf8')) as Summary;
  return startEpisodePool({
    setup: {
      config,
      directory: EXAMPLE,
      searchFrom: [join(__dirname, '../..')],
      stage: 'prune',
      graph: await model.read(),
      state: {},
      baseline: summary.baseline,
    },
    lanes: LANES,
    processes,
    measured: new Map(),
    best: () => -Infinity,
    onNotice: (text) => console.error(text),
  });
}

/** Walks the candidates of a round, a lane's one after the other; gives evaluations a minute. */
async function walk({ walkers }: EpisodePool, round: number): Promise<number> {
  const started = performance.now();
  await Promise.all(
    walkers.map(async (walker, lane) => {
      for (let i = 0; i < CANDIDATES / LANES; i++) {
        const random = createRandom(1, `round ${round} lane ${lane} candidate ${i}`);
        await walker.reset(1);
        for (let ended = false; !ended; )
          ended = (await walker.step([0.3 + 0.7 * random.uniform()])).terminated;
      }
    }),
  );
  return (CANDIDATES * 60_000) / (performance.now() - started);
}

async function main(): Promise<void> {
  const [backend = 'node', rounds = '5'] = process.argv.slice(2);
  // One thread each, whatever the machine has.
  process.env['TF_NUM_INTRAOP_THREADS'] = '1';
  const pools = [await startPool(1, backend), await startPool(2, backend)] as const;
  // The first round starts the processes and lets them gather what pruners need.
  for (const pool of pools) await walk(pool, 0);
  const load = loadavg()[0];
  const tensors = pools.map((pool) => pool.tensors());
  const perMinute: number[][] = [];
  for (let round = 1; round <= Number(rounds); round++) {
    const found: number[] = [];
    for (const pool of pools) found.push(await walk(pool, round));
    perMinute.push(found);
    console.log(`one process ${found[0]!.toFixed(1)}, two ${found[1]!.toFixed(1)} evaluations a minute`);
  }
  if (JSON.stringify(pools.map((pool) => pool.tensors())) !== JSON.stringify(tensors))
    throw new Error(`The processes hold other tensors than before: ${JSON.stringify(tensors)}`);
  pools.forEach((pool) => pool.dispose());
  const ratios = perMinute.map(([one, two]) => two! / one!);
  const ratio = median(ratios);
  console.log(`two processes: ${ratio.toFixed(2)} times the evaluations of one, aim ${AIM}`);
  const record = {
    machine: describeMachine(),
    load,
    node: process.version,
    backend,
    candidates: CANDIDATES,
    ratio,
    lowest: Math.min(...ratios),
    highest: Math.max(...ratios),
    aim: AIM,
    perMinute,
  };
  writeFileSync(
    join(__dirname, `results/parallel-${backend}.json`),
    `${JSON.stringify(record, undefined, 2)}\n`,
  );
}

void main();
