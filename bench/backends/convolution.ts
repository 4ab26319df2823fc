/**
 * How long a 3x3 convolution of the node backend takes by its number of channels, and what is gained by
 * computing more output channels than asked for: why `efficientChannels` of the backend pads. Each number is
 * timed as it is and as it would be padded, in turns.
 *
 * MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=100000000000 node --conditions=tersor/source --import tsx
 * bench/backends/convolution.ts
 */
import { writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { createNodeBackend } from '@tersor/backend-node';
import { describeMachine } from '@tersor/core';
import { efficientChannels } from '../../plugins/backend-node/src/native/convolution-blocks.js';
import { nativeOperations } from '../../plugins/backend-node/src/native/native-operations.js';
import type { TensorflowKernelBackend } from '../../plugins/backend-node/src/tensorflow-binding.js';
import { median } from '../median.js';

const IMAGES = 128;
const ROUNDS = 9;
/** Height and width, and the numbers of channels, in and out. */
const CASES = [
  [4, [144, 176, 208, 240, 272, 288, 304, 336, 352, 360, 368, 400, 416, 464, 496]],
  [8, [80, 112, 144, 176, 181, 208, 240]],
  [16, [72, 80, 112]],
] as const;
const root = join(__dirname, '../..');

async function main(): Promise<void> {
  const backend = createNodeBackend({ precision: 'float32', directories: [root] });
  await backend.activate();
  const { binding } = tf.backend() as TensorflowKernelBackend;
  const results = [];
  for (const precision of ['bfloat16', 'float32'] as const) {
    const native = nativeOperations(binding, precision);
    const attributes = {
      strides: [1, 1, 1, 1],
      dilations: [1, 1, 1, 1],
      padding: 'SAME',
      data_format: 'NHWC',
    };
    const tensor = (shape: readonly number[]) =>
      native.upload(shape, new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.5));
    const milliseconds = (image: number, kernel: number) => {
      const start = performance.now();
      native.free(native.run('Conv2D', [image, kernel], attributes));
      return performance.now() - start;
    };
    for (const [side, numbers] of CASES) {
      for (const channels of numbers) {
        const padded = efficientChannels(channels, precision);
        const inputs = channels + (channels % 2);
        const image = tensor([IMAGES, side, side, inputs]);
        const [kernel, wider] = [tensor([3, 3, inputs, channels]), tensor([3, 3, inputs, padded])];
        const times = Array.from(
          { length: ROUNDS },
          () => [milliseconds(image, kernel), milliseconds(image, wider)] as const,
        ).slice(1);
        [image, kernel, wider].forEach(native.free);
        const [own, more] = [median(times.map(([time]) => time)), median(times.map(([, time]) => time))];
        results.push({
          precision,
          side,
          channels,
          padded,
          milliseconds: own,
          millisecondsPadded: more,
          gain: own / more,
        });
        console.log(
          `${precision} ${side}x${side} ${channels} -> ${padded}: ${own.toFixed(1)} -> ${more.toFixed(1)} ms`,
        );
      }
    }
  }
  writeFileSync(
    join(__dirname, 'results/convolution.json'),
    `${JSON.stringify({ machine: describeMachine(), load: loadavg()[0], node: process.version, images: IMAGES, results }, undefined, 1)}\n`,
  );
}

void main();
