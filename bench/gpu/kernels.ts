/**
 * Which kernels of tfjs take the time on a GPU: a forward pass and a training step of each network, by the
 * GPU's own clock, kernel by kernel; and how much of a training step is the GPU's, the transfers' and the
 * update's.
 *
 *   node bench/gpu/pack.mjs FOLDER --entry bench/gpu/kernels.ts
 *   bash FOLDER/run.sh FOLDER OUT --script kernels                   (writes OUT/kernels.json)
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { channelGroups, compileFused, copyWeights, cost, removeAll } from '@tersor/network';
import { createWebgpuBackend } from '@tersor/backend-webgpu';
import { median } from '../median.js';
import { NETWORKS, noise, SMALL_NETWORKS } from './networks.js';
import { timed } from './record.js';

const ROUNDS = 5;
const IMAGES = { forward: 256, training: 64 };
const MOST = 25;

/** Milliseconds by kernel, the slowest first. */
async function kernelsOf(
  run: () => void,
): Promise<{ kernel: string; count: number; milliseconds: number }[]> {
  const { getExtraProfileInfo } = (await tf.time(run)) as unknown as { getExtraProfileInfo(): string };
  const kernels = new Map<string, { count: number; milliseconds: number }>();
  for (const entry of getExtraProfileInfo().split(', ')) {
    const at = entry.lastIndexOf(': ');
    const kernel = entry.slice(0, at);
    const { count, milliseconds } = kernels.get(kernel) ?? { count: 0, milliseconds: 0 };
    kernels.set(kernel, { count: count + 1, milliseconds: milliseconds + Number(entry.slice(at + 2)) });
  }
  return [...kernels]
    .map(([kernel, figures]) => ({ kernel, ...figures }))
    .sort((a, b) => b.milliseconds - a.milliseconds)
    .slice(0, MOST);
}

async function seconds(run: () => Promise<unknown>): Promise<number> {
  await run();
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) rounds.push(await timed(run));
  return median(rounds);
}

async function main(): Promise<void> {
  const out = process.env['BENCH_OUT'] ?? '.';
  const isSmall = process.argv.includes('--small');
  const backend = createWebgpuBackend({ powerPreference: 'high-performance' });
  const availability = await backend.isAvailable();
  const record: Record<string, unknown> = { availability };
  const set = (name: string, value: unknown) => {
    record[name] = value;
    writeFileSync(join(out, 'kernels.json'), `${JSON.stringify(record, undefined, 1)}\n`);
    console.log(name, JSON.stringify(value).slice(0, 1500));
  };
  await backend.activate();
  for (const network of isSmall ? SMALL_NETWORKS : NETWORKS) {
    const graph = await network.make();
    const forward = isSmall ? 2 : IMAGES.forward;
    const images = noise(forward, network.imageShape, 1);
    // Not the backend's own session, which waits before it begins: the timer sees what is begun at once.
    const session = await compileFused(graph, { batchSize: forward });
    set(`${network.name}, forward, seconds`, await seconds(() => session.run(images)));
    let done: Promise<unknown> = Promise.resolve();
    set(
      `${network.name}, forward, kernels`,
      await kernelsOf(() => {
        done = session.run(images);
      }),
    );
    await done;
    session.dispose();
    // Channel counts that are multiples of 4 take other kernels than those that are not.
    const { groups } = channelGroups(graph);
    for (const less of [0, 1]) {
      const smaller = removeAll(
        graph,
        groups.map((group) => {
          const kept =
            Math.min(group.channels, 4 * Math.max(1, Math.round((group.channels * 0.7) / 4))) - less;
          return { group, keep: Array.from({ length: kept }, (_, channel) => channel) };
        }),
      );
      const pruned = await backend.compile(smaller);
      set(`${network.name}, pruned, channels ${less ? '4n - 1' : '4n'}`, {
        multiplyAdds: cost(smaller).macs / cost(graph).macs,
        seconds: await seconds(() => pruned.run(images)),
      });
      pruned.dispose();
    }
    const count = isSmall ? 2 : IMAGES.training;
    const batch = {
      images: images.slice(0, (images.length / forward) * count),
      labels: new Int32Array(count),
      seed: 1,
    };
    const weights = copyWeights(graph);
    const training = await backend.compileTraining(graph, { labelSmoothing: 0, distill: 0, temperature: 1 });
    set(`${network.name}, gradients, seconds`, await seconds(() => training.step(weights, batch)));
    set(
      `${network.name}, gradients, kernels`,
      await kernelsOf(() => {
        done = training.step(weights, batch);
      }),
    );
    await done;
    training.dispose();
    const transfers = async () => {
      const tensors = weights.map((data) => tf.tensor(data, [data.length]));
      const copies = tensors.map((tensor) => tf.add(tensor, 1));
      await Promise.all(copies.map((tensor) => tensor.data()));
      tf.dispose([...tensors, ...copies]);
    };
    set(`${network.name}, weights there and back, seconds`, await seconds(transfers));
  }
  await backend.dispose();
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
