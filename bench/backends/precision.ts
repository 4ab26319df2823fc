/**
 * What bfloat16 sessions of the node backend change on real models: accuracy of both precisions, share of
 * images with the same top class, and the relative error of the logits (of the norm over all images).
 *
 *   node --conditions=tersor/source --import tsx bench/backends/precision.ts [images]
 *
 * Reads the models and data below TERSOR_DATA, else ../shared/data; the CIFAR-10 test batch in
 * TERSOR_CIFAR10, else examples/data/cifar-10-batches-bin; ImageNet's sample unpacked in TERSOR_IMAGENET. A
 * model whose data is missing is skipped, visibly.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { createNodeBackend } from '@tersor/backend-node';
import { accuracyOf, networkOutput, readNetwork } from '@tersor/network';
import type { LayerGraph } from '@tersor/core';

const root = join(__dirname, '../..');
const data = process.env['TERSOR_DATA'] ?? join(root, '../shared/data');
const count = Number(process.argv[2] ?? 1000);
const backend = createNodeBackend({ precision: 'float32', directories: [root] });

interface Sample {
  readonly images: Float32Array;
  readonly labels: Int32Array;
}

/**
 * The first images of the binary test batch: a label byte, then 1024 bytes for each of red, green and blue.
 */
function cifar(file: string): Sample {
  const mean = [0.4914, 0.4822, 0.4465];
  const deviation = [0.247, 0.2435, 0.2616];
  const bytes = readFileSync(file);
  const images = new Float32Array(count * 3072);
  for (let i = 0; i < count; i++) {
    for (let at = 0; at < 1024; at++) {
      for (let c = 0; c < 3; c++)
        images[i * 3072 + at * 3 + c] =
          (bytes[i * 3073 + 1 + c * 1024 + at]! / 255 - mean[c]!) / deviation[c]!;
    }
  }
  return { images, labels: Int32Array.from({ length: count }, (_, i) => bytes[i * 3073]!) };
}

/**
 * Images of the sample, one a class in the order of the sorted names, decoded by TensorFlow; centre 224 of
 * the 256.
 */
function imagenet(folder: string): Sample {
  const native = tf.backend() as unknown as {
    decodeJpeg(bytes: Uint8Array, channels: number, ...rest: unknown[]): tf.Tensor3D;
  };
  const names = readdirSync(folder).sort();
  const labels = Int32Array.from({ length: Math.min(count, names.length) }, (_, i) =>
    Math.floor((i * names.length) / Math.min(count, names.length)),
  );
  const images = new Float32Array(labels.length * 150528);
  labels.forEach((label, i) => {
    const pixels = tf.tidy(() => {
      const whole = native.decodeJpeg(readFileSync(join(folder, names[label]!)), 3, 1, true, false, 1, '');
      return tf.sub(tf.div(tf.slice(whole, [16, 16, 0], [224, 224, 3]), 127.5), 1);
    });
    images.set(pixels.dataSync(), i * 150528);
    pixels.dispose();
  });
  return { images, labels };
}

async function compare(name: string, graph: LayerGraph, { images, labels }: Sample) {
  const run = async (precision: 'float32' | 'bfloat16') => {
    const session = await backend.compile(networkOutput(graph).graph, { precision });
    const start = performance.now();
    const logits = await session.run(images);
    session.dispose();
    return { logits, seconds: (performance.now() - start) / 1000 };
  };
  const exact = await run('float32');
  const rounded = await run('bfloat16');
  const norm = (values: Float32Array) => Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  const classes = exact.logits.length / labels.length;
  const best = Int32Array.from(labels, (_, i) => {
    const row = exact.logits.subarray(i * classes, (i + 1) * classes);
    return row.indexOf(Math.max(...row));
  });
  const result = {
    model: name,
    images: labels.length,
    relativeError: norm(rounded.logits.map((value, i) => value - exact.logits[i]!)) / norm(exact.logits),
    sameTopClass: accuracyOf(rounded.logits, best),
    accuracyFloat32: accuracyOf(exact.logits, labels),
    accuracyBfloat16: accuracyOf(rounded.logits, labels),
    secondsFloat32: exact.seconds,
    secondsBfloat16: rounded.seconds,
  };
  console.log(JSON.stringify(result));
  return result;
}

async function main(): Promise<void> {
  await backend.activate();
  const results = [];
  const batch = join(
    process.env['TERSOR_CIFAR10'] ?? join(root, 'examples/data/cifar-10-batches-bin'),
    'test_batch.bin',
  );
  const vgg = join(data, 'models/vgg19-cifar10/model.json');
  if (existsSync(batch) && existsSync(vgg))
    results.push(await compare('VGG-19, CIFAR-10', await readNetwork(vgg), cifar(batch)));
  else console.warn(`skipped VGG-19: ${vgg} or ${batch} is missing`);
  const sample = process.env['TERSOR_IMAGENET'];
  const mobilenet = join(data, 'models/mobilenet_v1_025_224/model.json');
  if (sample && existsSync(mobilenet))
    results.push(
      await compare('MobileNet v1 0.25, ImageNet sample', await readNetwork(mobilenet), imagenet(sample)),
    );
  else console.warn(`skipped MobileNet: ${mobilenet} is missing, or TERSOR_IMAGENET is not set`);
  const details = await backend.isAvailable();
  writeFileSync(
    join(root, 'bench/backends/results/precision.json'),
    `${JSON.stringify({ details, results }, undefined, 2)}\n`,
  );
}

void main();
