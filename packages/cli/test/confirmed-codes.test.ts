import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { compress, createEvaluator } from '@tersor/compression';
import { compressConfigSchema, createRandom, readConfig } from '@tersor/core';
import { cifar10 } from '@tersor/datasets';
import { readNetwork } from '@tersor/network';
import { tfjsBackend } from '../../network/test/tfjs-backend.js';
import { tersor } from './tersor.js';
import { createTinyProject, type TinyProject } from './tiny-project.js';

const IMAGES = 40;

const SETTINGS = [
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
];

describe('candidates of calibrated codes', () => {
  let project: TinyProject;
  let passes = 0;
  let tensors = 0;
  beforeAll(async () => {
    project = await createTinyProject();
    const before = tf.memory().numTensors;
    await compress({
      config: await readConfig(project.config, compressConfigSchema, SETTINGS),
      directory: project.folder,
      output: at('out'),
      searchFrom: [__dirname],
      events: {
        onProgress: ({ stage, done, total }) => {
          if (stage === 'quantize-calibrate' && done === total) passes++;
        },
      },
    });
    tensors = tf.memory().numTensors - before;
  });
  afterAll(() => rm(project.folder, { recursive: true, force: true }));

  const at = (path: string) => join(project.folder, path);

  it('are confirmed as the winner is made: its confirmed reward is that of the file', async () => {
    const summary = JSON.parse(await readFile(at('out/summary.json'), 'utf8')) as {
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
    const dataset = await cifar10.create(cifar10.options.parse({ dir: project.data, validation: IMAGES }), {
      directory: project.folder,
      seed: 3,
    } as never);
    const measure = await createEvaluator({
      backend,
      dataset,
      split: 'validation',
      images: IMAGES,
      among: among.sort((a, b) => a - b),
      original: await readNetwork(project.model),
    });
    const { divergence } = await measure.evaluate(await readNetwork(at('out/model/model.json')));
    // Offsets in the file are rounded to half precision.
    expect(Math.abs(reward + divergence!)).toBeLessThan(0.01 * divergence!);
  });

  it('are carried out once each, and the winner is what was confirmed: the bytes of its policy, applied', async () => {
    expect(passes).toBe(3);
    expect(tensors).toBe(0);
    const { code, err } = await tersor(
      'apply',
      at('out/policy.json'),
      '--config',
      project.config,
      '--out',
      at('applied'),
      ...SETTINGS.flatMap((value) => ['--set', value]),
    );
    expect([code, err]).toEqual([0, expect.any(String)]);
    for (const file of ['model.tersor', 'model/weights.bin', 'layers.json'])
      expect(await readFile(join(at('applied'), file))).toEqual(await readFile(join(at('out'), file)));
  });
});
