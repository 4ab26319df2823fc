import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import { createEvaluator } from '@tersor/compression';
import { createRandom } from '@tersor/core';
import { cifar10 } from '@tersor/datasets';
import { readNetwork } from '@tersor/network';
import { tfjsBackend } from '../../network/test/tfjs-backend.js';
import { tersor } from './tersor.js';
import { createTinyProject } from './tiny-project.js';

const IMAGES = 40;

it('candidates of calibrated codes are confirmed as the winner is made: its confirmed reward is that of the file', async () => {
  const { folder, config, data, model } = await createTinyProject();
  try {
    const settings = [
      'backend={ use: wasm, workers: 1 }',
      'prune.agent=uniform',
      'prune.search.episodes=1',
      'prune.budget.macs=1',
      'prune.finetune.epochs=0',
      'quantize.agent=random',
      'quantize.search={ episodes: 6, confirm: 3 }',
      'quantize.quantizer={ use: linear, calibrate: { images: 40, points: 4 } }',
      'quantize.reward=agreement',
      'quantize.bits=[2,3]',
      'quantize.finetune.epochs=0',
    ].flatMap((value) => ['--set', value]);
    const { code, err } = await tersor('compress', config, '--out', join(folder, 'out'), ...settings);
    expect([code, err]).toEqual([0, expect.any(String)]);
    const summary = JSON.parse(await readFile(join(folder, 'out/summary.json'), 'utf8')) as {
      search: { quantize: { confirmed: { candidates: number; reward: number } } };
    };
    const { candidates, reward } = summary.search.quantize.confirmed;
    expect(candidates).toBe(3);

    // The images that were set apart, as the seed of the config draws them.
    const among = createRandom(3, 'confirm')
      .permutation(IMAGES)
      .slice(0, IMAGES / 2);
    const backend = tfjsBackend();
    await backend.activate();
    const dataset = await cifar10.create(cifar10.options.parse({ dir: data, validation: IMAGES }), {
      directory: folder,
      seed: 3,
    } as never);
    const measure = await createEvaluator({
      backend,
      dataset,
      split: 'validation',
      images: IMAGES,
      among: among.sort((a, b) => a - b),
      original: await readNetwork(model),
    });
    const { divergence } = await measure.evaluate(await readNetwork(join(folder, 'out/model/model.json')));
    // Offsets in the file are rounded to half precision.
    expect(Math.abs(reward + divergence!)).toBeLessThan(0.01 * divergence!);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
