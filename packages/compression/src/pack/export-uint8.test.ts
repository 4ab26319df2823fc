import '@tensorflow/tfjs-backend-cpu';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setBackend } from '@tensorflow/tfjs-core';
import { goldenModel } from '../../test/golden-graph.js';
import { exportUint8 } from './export-uint8.js';
import { weightSlots, readNetwork } from '@tersor/network';
import { withEncodedWeights } from '../policy/quantized-graph.js';

let folder: string;
beforeAll(async () => {
  await setBackend('cpu');
  folder = join(await mkdtemp(join(tmpdir(), 'tersor-')), 'uint8');
});
afterAll(() => rm(join(folder, '..'), { recursive: true }));

it('writes a model that stock tfjs loads, kernels within half a step, zeros and all else exact', async () => {
  const { graph: original, encoded } = await goldenModel();
  const graph = withEncodedWeights(original, encoded);
  const bytes = await exportUint8(graph, folder);
  const sizes = await Promise.all(
    (await readdir(folder)).map(async (file) => (await stat(join(folder, file))).size),
  );
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(bytes);

  const loaded = weightSlots(await readNetwork(join(folder, 'model.json')));
  weightSlots(graph).forEach(({ layer, weight }, i) => {
    const values = loaded[i]!.weight.data;
    const range = Math.max(0, ...weight.data) - Math.min(0, ...weight.data);
    const tolerance = weight.name.endsWith('kernel') ? range / 255 / 2 + 1e-7 : 0;
    const off = weight.data.findIndex(
      (value, k) => !(Math.abs(value - values[k]!) <= (value === 0 ? 0 : tolerance)),
    );
    expect([layer.name, weight.name, off]).toEqual([layer.name, weight.name, -1]);
  });
});
