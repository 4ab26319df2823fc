import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import {
  compress,
  type LayerFigures,
  type PipelineStage,
  type Policy,
  type Summary,
} from '@tersor/compression';
import { compressConfigSchema, readConfig } from '@tersor/core';
import { tersor } from './tersor.js';
import { createTinyProject, type TinyProject } from './tiny-project.js';

describe('tersor compress with quantize.activations', () => {
  let project: TinyProject;
  beforeAll(async () => {
    project = await createTinyProject();
  });
  afterAll(() => rm(project.folder, { recursive: true, force: true }));

  const overrides = [
    'prune.agent=uniform',
    'prune.search={ episodes: 1 }',
    'prune.budget.macs=1',
    'prune.finetune.epochs=0',
    'quantize.finetune.epochs=2',
    'quantize.finetune.statisticsMomentum=0.5',
  ];
  const range = [
    ...overrides,
    'quantize.activations={bits: [4, 8], images: 40}',
    'quantize.budget.bops=0.04',
  ];
  const read = (out: string, file: string) => readFile(join(project.folder, out, file));
  const json = async <T>(out: string, file: string) => JSON.parse(String(await read(out, file))) as T;
  const compressInto = (out: string, values: readonly string[]) =>
    tersor(
      'compress',
      project.config,
      '--out',
      join(project.folder, out),
      '--quiet',
      ...values.flatMap((value) => ['--set', value]),
    );

  it('rounds with a single number of bits: says that the accuracy is simulated, and gives that of the float file, which eval confirms', async () => {
    const tensors = tf.memory().numTensors;
    // Two bits, so that the simulation shows.
    const { code, out } = await compressInto('single', [
      ...overrides,
      'quantize.activations={bits: 2, calibrate: max, images: 40}',
      'quantize.finetune.epochs=0',
    ]);
    expect(code).toBe(0);
    expect(tf.memory().numTensors).toBe(tensors);
    const summary = await json<Summary>('single', 'summary.json');
    expect(out).toContain('activations simulated');
    expect(out).toMatch(/with float activations, as stock tfjs runs the file: test accuracy/);
    expect(summary.activations).toMatchObject({ simulated: true });
    expect(summary.compressed.accuracy).not.toEqual(summary.activations!.floatAccuracy);
    expect(summary.baseline.bops).toBe(summary.baseline.macs * 1024);
    expect(summary.ratio.bops).toBe(summary.baseline.bops! / summary.compressed.bops!);
    const { out: evaluated } = await tersor(
      'eval',
      join(project.folder, 'single/model.tersor'),
      '--dataset',
      'cifar10',
      '--option',
      `dir=${project.data}`,
      '--option',
      'validation=40',
      '--json',
    );
    expect((JSON.parse(evaluated) as { accuracy: number }).accuracy).toBe(
      summary.activations!.floatAccuracy.test,
    );
    const { activations } = await json<Policy>('single', 'policy.json');
    expect(Object.keys(activations!)).toEqual(['conv1', 'conv2', 'classifier']);
    // After a ReLU nothing is negative.
    expect(activations!['classifier']).toEqual({ bits: 2, least: 0, most: expect.any(Number) });
    expect(
      (await json<LayerFigures[]>('single', 'layers.json')).map(({ activationBits }) => activationBits),
    ).toEqual([2, undefined, 2, 2]);
  });

  it('chooses bits from a range within the bit operations, and keeps them in policy.json and episodes.jsonl', async () => {
    expect((await compressInto('range', range)).code).toBe(0);
    const [summary, policy] = [
      await json<Summary>('range', 'summary.json'),
      await json<Policy>('range', 'policy.json'),
    ];
    expect(summary.compressed.bops).toBeLessThanOrEqual(0.04 * summary.baseline.bops!);
    const episodes = String(await read('range', 'episodes.jsonl'))
      .trim()
      .split('\n')
      .map(
        (line) =>
          JSON.parse(line) as {
            stage: string;
            actions: number[][];
            measures: Record<string, number>;
            policy: unknown;
          },
      );
    const searched = episodes.filter(({ stage }) => stage === 'quantize');
    expect(searched).toHaveLength(6);
    for (const { actions, measures } of searched) {
      expect(actions.map(({ length }) => length)).toEqual([2, 2, 2]);
      expect(measures['bops']).toBeLessThanOrEqual(0.04 * summary.baseline.bops!);
    }
    expect(searched.map((episode) => episode.policy)).toContainEqual({
      weights: policy.quantize,
      activations: policy.activations,
    });
  });

  it('ends with the same policy and the same bytes when it is stopped in the search and in the fine-tune, and resumed', async () => {
    const { prune: _prune, ...config } = await readConfig(project.config, compressConfigSchema, [
      ...range,
      'quantize.search.episodes=4',
      'quantize.agent.warmup=2',
    ]);
    const go = async (out: string, stopAt?: { readonly stage: PipelineStage; readonly done: number }) => {
      let stop = false;
      const onProgress = ({ stage, done }: { readonly stage: PipelineStage; readonly done: number }) =>
        (stop ||= stage === stopAt?.stage && done === stopAt.done);
      return compress({
        config,
        directory: project.folder,
        output: join(project.folder, out),
        resume: true,
        shouldStop: () => stop,
        events: { onProgress: (progress) => void onProgress(progress) },
        searchFrom: [__dirname],
      });
    };
    const whole = await go('whole');
    for (const stopAt of [
      { stage: 'quantize' as const, done: 2 },
      { stage: 'quantize-finetune' as const, done: 5 },
    ]) {
      await expect(go('parts', stopAt)).rejects.toMatchObject({ code: 'INTERRUPTED' });
    }
    const resumed = await go('parts');
    expect(resumed.compressed).toEqual(whole.compressed);
    for (const file of ['policy.json', 'model.tersor', 'model/weights.bin'])
      expect((await read('parts', file)).equals(await read('whole', file))).toBe(true);
  });
});
