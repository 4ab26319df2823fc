/**
 * What it costs to bring the images in anew for every candidate, which keeping them on the device would save:
 * a batch of the example's images uploaded (and one value of it read, so that the upload happens), against
 * the network's forward pass over the same batch, in turns. The original network, and one with half of the
 * channels of every group.
 *
 * MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=100000000000 node --conditions=tersor/source --import tsx
 * bench/search/image-upload.ts > bench/search/results/image-upload.json
 */
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { createNodeBackend } from '@tersor/backend-node';
import { createWasmBackend } from '@tersor/backend-wasm';
import { channelGroups, readNetwork, removeAll } from '@tersor/network';
import { describeMachine, type Backend } from '@tersor/core';
import { median } from '../median.js';
import { milliseconds } from '../milliseconds.js';

const BATCH = 50;
const ROUNDS = 21;
const root = join(__dirname, '../..');

async function main(): Promise<void> {
  const backends: Backend[] = [
    createNodeBackend({ precision: 'float32', directories: [root] }),
    createWasmBackend({ workers: 1 }),
  ];
  await backends[1]!.activate();
  const original = await readNetwork(join(root, 'examples/vgg-small/model/model.json'));
  const half = removeAll(
    original,
    channelGroups(original).groups.map((group) => ({
      group,
      keep: Array.from({ length: group.channels >> 1 }, (_, channel) => 2 * channel),
    })),
  );
  const images = Float32Array.from({ length: BATCH * 32 * 32 * 3 }, (_, i) => Math.sin(i));
  const upload = async () => {
    const batch = tf.tensor(images, [BATCH, 32, 32, 3]);
    const value = tf.slice(batch, [0, 0, 0, 0], [1, 1, 1, 1]);
    await value.data();
    tf.dispose([batch, value]);
  };
  const results = [];
  for (const backend of backends) {
    const availability = await backend.isAvailable();
    if (!availability.available) throw new Error(`${availability.reason} ${availability.install}`);
    await backend.activate();
    for (const [network, graph] of [
      ['original', original],
      ['half of the channels', half],
    ] as const) {
      const session = await backend.compile(graph);
      const turns = [];
      for (let round = 0; round < ROUNDS + 2; round++)
        turns.push({
          upload: await milliseconds(upload),
          forward: await milliseconds(() => session.run(images)),
        });
      session.dispose();
      const shares = turns.slice(2).map((turn) => turn.upload / turn.forward);
      results.push({
        backend: backend.id,
        network,
        share: median(shares),
        lowest: Math.min(...shares),
        highest: Math.max(...shares),
      });
    }
    await backend.dispose();
  }
  console.log(
    JSON.stringify(
      { machine: describeMachine(), node: process.version, batch: BATCH, rounds: ROUNDS, results },
      undefined,
      2,
    ),
  );
}

void main();
