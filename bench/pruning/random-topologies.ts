// Prunes random networks by random plans and compares each with the masked network. Says what it saw, and
// exits with 1 at the first difference.
// node --conditions=tersor/source --import tsx bench/pruning/random-topologies.ts [cases = 10000] [seed = 1]
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import { createRandom } from '@tersor/core';
import { comparePruned, randomRemovals } from '../../packages/network/test/equivalence.js';
import { KINDS, randomNetwork, type Instruction } from '../../packages/network/test/random-network.js';

async function main(): Promise<void> {
  const cases = Number(process.argv[2] ?? 10_000);
  const seed = Number(process.argv[3] ?? 1);
  await tf.setBackend('cpu');
  const started = performance.now();
  let groups = 0;
  let removed = 0;
  let worst = 0;
  let changed = 0;
  for (let i = 0; i < cases; i++) {
    const random = createRandom(seed, `case/${i}`);
    const instructions = Array.from(
      { length: 1 + random.integer(8) },
      (): Instruction => ({
        kind: KINDS[random.integer(KINDS.length)]!,
        at: random.integer(6),
        other: random.integer(10),
        size: 2 + random.integer(4),
        variant: random.integer(30),
      }),
    );
    const networkSeed = random.integer(2 ** 30);
    const graph = await randomNetwork(instructions, networkSeed);
    const result = await comparePruned(graph, randomRemovals(graph, networkSeed), networkSeed);
    if (!(result.difference < 1e-4)) {
      console.error(
        `case ${i} of seed ${seed}: outputs differ by ${result.difference}\n${JSON.stringify(instructions)}`,
      );
      process.exit(1);
    }
    groups += result.groups;
    removed += result.removed;
    worst = Math.max(worst, result.difference);
    if ((result.effect ?? 0) > 1e-3) changed++;
  }
  const seconds = Math.round((performance.now() - started) / 1000);
  console.log(
    `${cases} networks, ${groups} groups, ${removed} channels removed, ${changed} of a fifth of them changed outputs by it: largest relative difference ${worst.toExponential(1)}, ${seconds} s`,
  );
  const result = {
    cases,
    seed,
    groups,
    channelsRemoved: removed,
    largestRelativeDifference: worst,
    seconds,
    node: process.version,
  };
  writeFileSync(
    join(__dirname, 'results/random-topologies.json'),
    `${JSON.stringify(result, undefined, 1)}\n`,
  );
}

void main();
