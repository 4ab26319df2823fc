import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import { memory, setBackend } from '@tensorflow/tfjs-core';
import * as topologies from '../../test/topologies.js';
import { weightSlots, withWeights } from '../graph/graph-weights.js';
import { readNetwork } from './read-network.js';
import { writeNetwork, writingFormat } from './write-network.js';

let folder: string;
beforeAll(async () => {
  await setBackend('cpu');
  folder = await mkdtemp(join(tmpdir(), 'tersor-uint8-'));
});
afterAll(() => rm(folder, { recursive: true }));

it('writes kernels within half a step, zeros and all else exact, in a quarter of the bytes', async () => {
  const network = await topologies.vgg();
  // Zeros in between, as pruned kernel slices have them.
  const sparse = weightSlots(network).map(({ weight }) =>
    weight.data.map((value, i) => (i % 5 === 0 ? 0 : value)),
  );
  const graph = withWeights(network, sparse);
  const before = memory().numTensors;
  const format = await writingFormat('layers-model', { kernels: 'uint8' });
  const written = await writeNetwork(graph, join(folder, 'small'), format);
  const parts = await written.parts();
  const sizes = await Promise.all(parts.map(async (part) => (await stat(part)).size));
  expect(await written.bytes()).toBe(sizes.reduce((sum, size) => sum + size, 0));

  const loaded = weightSlots(await readNetwork(join(folder, 'small')));
  let [kernels, others] = [0, 0];
  weightSlots(graph).forEach(({ layer, weight }, i) => {
    const values = loaded[i]!.weight.data;
    const isKernel = weight.name.endsWith('kernel');
    if (isKernel) kernels += values.length;
    else others += values.length;
    const range = Math.max(0, ...weight.data) - Math.min(0, ...weight.data);
    const tolerance = isKernel ? range / 255 / 2 + 1e-7 : 0;
    const off = weight.data.findIndex(
      (value, k) => !(Math.abs(value - values[k]!) <= (value === 0 ? 0 : tolerance)),
    );
    expect([layer.name, weight.name, off]).toEqual([layer.name, weight.name, -1]);
  });
  expect((await stat(parts[1]!)).size).toBe(kernels + 4 * others);
  expect(memory().numTensors).toBe(before);
});
