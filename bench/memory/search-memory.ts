/**
 * Does a long search keep its memory? Runs stage 1 with many short episodes and writes the resident memory of
 * this process after each tenth, after a garbage collection: what V8 has not collected yet comes and goes,
 * and would hide a leak of the same size.
 *
 * MALLOC_ARENA_MAX=1 MALLOC_MMAP_THRESHOLD_=65536 node --min-semi-space-size=16 --conditions=tersor/source \
 *     --import tsx bench/memory/search-memory.ts --backend wasm --episodes 1000
 *   MALLOC_ARENA_MAX=1 MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=100000000000 \
 *     node --min-semi-space-size=16 ... --backend node --episodes 1000
 *
 * The variables and the flag take two things away that end up elsewhere in every run and are no leak: glibc's
 * keeping of freed pieces, and the moments at which V8 enlarges its space for young objects. Without them the
 * resident memory grows by some 10%.
 *
 * Exits with 1 when the memory after episode 50 ever grows by more than 5%.
 */
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as tf from '@tensorflow/tfjs-core';
import { compress } from '@tersor/compression';
import { describeMachine, compressConfigSchema, readConfig } from '@tersor/core';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

const SETTLED = 50;
const TOLERANCE = 0.05;
const EVERY = 10;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      backend: { type: 'string', default: 'wasm' },
      agent: { type: 'string', default: 'ddpg' },
      episodes: { type: 'string', default: '1000' },
      images: { type: 'string', default: '20' },
      config: { type: 'string', default: 'examples/vgg-small/compress.yaml' },
    },
  });
  const config = await readConfig(values.config, compressConfigSchema, [
    `backend=${values.backend}`,
    `prune.agent=${values.agent}`,
    `prune.search.episodes=${values.episodes}`,
    `prune.images=${values.images}`,
    'prune.finetune.epochs=0',
    'dataset.validation=100',
  ]);
  const { quantize: _quantize, ...pruning } = config;
  const samples: {
    episode: number;
    residentBytes: number;
    heapBytes: number;
    bufferBytes: number;
    tensors: number;
  }[] = [];
  const output = join(tmpdir(), `tersor-memory-${process.pid}`);
  try {
    await compress({
      config: pruning,
      directory: resolve(values.config, '..'),
      output,
      searchFrom: [process.cwd()],
      events: {
        onProgress: ({ stage, done }) => {
          if (stage !== 'prune' || done === 0 || done % EVERY > 0) return;
          // Twice: what the first one finds to be garbage outside of V8's heap is freed after it.
          collect();
          collect();
          const { rss, heapUsed, external } = process.memoryUsage();
          samples.push({
            episode: done,
            residentBytes: rss,
            heapBytes: heapUsed,
            bufferBytes: external,
            tensors: tf.memory().numTensors,
          });
        },
      },
    });
  } finally {
    await rm(output, { recursive: true, force: true });
  }
  const settled = samples.filter(({ episode }) => episode >= SETTLED);
  const start = settled[0]!;
  const peak = Math.max(...settled.map(({ residentBytes }) => residentBytes));
  const growth = peak / start.residentBytes - 1;
  const tensors = Math.max(...settled.map((sample) => sample.tensors)) - start.tensors;
  const result = {
    backend: values.backend,
    agent: values.agent,
    episodes: Number(values.episodes),
    images: Number(values.images),
    machine: describeMachine(),
    node: process.version,
    growth,
    tensors,
    samples,
  };
  process.stdout.write(`${JSON.stringify(result, undefined, 1)}\n`);
  process.stderr.write(
    `${values.backend}: ${(start.residentBytes / 2 ** 20).toFixed(0)} MiB after episode ${start.episode}, at most ${(growth * 100).toFixed(1)}% more until episode ${samples.at(-1)!.episode}; ${tensors} more tensors\n`,
  );
  process.exitCode = growth > TOLERANCE || tensors > 0 ? 1 : 0;
}

void main();
