// Puts what the page shows into public/: the example model, a packed version of it, and 100 real images. The
// packed file is the one given, else that of the demo (out/vgg-small); without one, or with --uniform, the
// model quantized to 4 bits.
// node --conditions=tersor/source --import tsx examples/browser/prepare.ts [model.tersor | --uniform]
import '@tensorflow/tfjs-backend-cpu';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setBackend } from '@tensorflow/tfjs-core';
import { encodeGraph, layersWithKernels, packModel } from '@tersor/compression';
import { readNetwork } from '@tersor/network';
import { LinearQuantizer } from '@tersor/quantizer-linear';

const IMAGES = 100;
const RECORD = 1 + 32 * 32 * 3;

async function main(): Promise<void> {
  const root = join(__dirname, '../..');
  const target = join(__dirname, 'public');
  const model = join(root, 'examples/vgg-small/model');
  mkdirSync(join(target, 'original'), { recursive: true });
  for (const file of readdirSync(model)) copyFileSync(join(model, file), join(target, 'original', file));
  writeFileSync(
    join(target, 'images.bin'),
    readFileSync(join(root, 'examples/data/cifar-10-mini/test_batch.bin')).subarray(0, IMAGES * RECORD),
  );
  const packed = process.argv[2] ?? join(root, 'out/vgg-small/model.tersor');
  if (packed !== '--uniform' && existsSync(packed)) copyFileSync(packed, join(target, 'model.tersor'));
  else writeFileSync(join(target, 'model.tersor'), await packUniform(join(model, 'model.json')));
}

async function packUniform(path: string): Promise<Uint8Array> {
  await setBackend('cpu');
  const graph = await readNetwork(path);
  const quantizer = new LinearQuantizer({ scheme: 'symmetric', granularity: 'channel', scale: 'mse' });
  const policy = Object.fromEntries(layersWithKernels(graph).map(({ name }) => [name, 4]));
  return packModel(graph, encodeGraph(quantizer, graph, policy));
}

void main();
