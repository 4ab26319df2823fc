import '@tensorflow/tfjs-backend-cpu';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { comparePruned, randomRemovals } from '../../../../packages/network/test/equivalence.js';
import { differences } from '../../test/against-onnxruntime.js';
import { createOnnxFormat } from '../index.js';

const folder = join(__dirname, '../../test/models');
/** Networks whose batch the file fixes at one image. */
const SINGLE = ['convnext', 'densenet', 'unet'];

beforeAll(() => tf.setBackend('cpu'));

const names = readdirSync(folder).map((file) => file.replace('.onnx', ''));

describe.each(names)('%s, exported by PyTorch', (name) => {
  const path = join(folder, `${name}.onnx`);

  it('computes what onnxruntime does, at all outputs', async () => {
    const graph = await createOnnxFormat().read(path);
    const found = await differences(path, graph, SINGLE.includes(name) ? 1 : 3);
    expect(found).toHaveLength(name === 'detector' ? 2 : 1);
    for (const difference of found) expect(difference).toBeLessThan(1e-4);
  });

  it('has channels to prune, and pruned by a random plan equals itself with those channels masked', async () => {
    const graph = await createOnnxFormat().read(path);
    const { difference, effect, removed } = await comparePruned(graph, randomRemovals(graph, 5), 5);
    expect(removed).toBeGreaterThan(10);
    expect(difference).toBeLessThan(1e-4);
    expect(effect).toBeGreaterThan(1e-3);
  });
});
