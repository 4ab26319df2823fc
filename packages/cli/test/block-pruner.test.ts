import { readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { compress, readPolicy } from '@tersor/compression';
import { graphFromModel, initializeKernels, readNetwork, removeLayers, writeModel } from '@tersor/network';
import {
  compressConfigSchema,
  definePlugin,
  readConfig,
  type EnvironmentFactory,
  type Plugin,
  type Pruner,
} from '@tersor/core';
import { z } from 'zod';
import { createTinyProject, type TinyProject } from './tiny-project.js';

const plugin = (kind: 'pruner' | 'environment', id: string, create: () => unknown) =>
  definePlugin({
    name: id,
    kind,
    id,
    core: '>=0.1.0 <1.0.0',
    description: 'a test',
    options: z.strictObject({}),
    create: create as never,
  }) as Plugin;

/** Drops the residual block of the network below. */
const blocks = (): Pruner => ({
  id: 'blocks',
  action: 'blocks',
  prepare: async () => undefined,
  plan: ({ name }, { block = true }) => ({
    pruner: 'blocks',
    group: name,
    ...(!block && name === 'inner' && { removeLayers: ['inner', 'outer', 'sum'] }),
  }),
  apply: (graph, plan) =>
    removeLayers(
      graph,
      plan.flatMap((step) => step.removeLayers ?? []),
    ),
});

describe('tersor compress with a pruner of blocks', () => {
  let project: TinyProject;
  beforeAll(async () => {
    project = await createTinyProject();
    await tf.setBackend('cpu');
    const { layers } = tfl;
    const conv = (name: string, filters: number, strides = 1) =>
      layers.conv2d({ name, filters, kernelSize: 3, strides, padding: 'same', activation: 'relu' });
    const input = tfl.input({ shape: [32, 32, 3] });
    const stem = conv('stem', 8, 4).apply(input);
    const sum = layers
      .add({ name: 'sum' })
      .apply([
        stem as tfl.SymbolicTensor,
        conv('outer', 8).apply(conv('inner', 6).apply(stem)) as tfl.SymbolicTensor,
      ]);
    const model = tfl.model({
      name: 'residual',
      inputs: input,
      outputs: layers
        .dense({ name: 'head', units: 10, activation: 'softmax' })
        .apply(layers.globalAveragePooling2d({ name: 'pool' }).apply(sum)) as tfl.SymbolicTensor,
    });
    await writeModel(initializeKernels(await graphFromModel(model), 1), join(project.folder, 'model'));
    model.dispose();
  });
  afterAll(() => rm(project.folder, { recursive: true, force: true }));

  const fast = [
    'backend=cpu',
    'prune.agent=uniform',
    'prune.search={ episodes: 1 }',
    'prune.finetune.epochs=0',
    'quantize.agent=uniform',
    'quantize.search={ episodes: 1 }',
    'quantize.finetune.epochs=0',
  ];
  const go = async (out: string, plugins: Plugin[], settings: string[], policy?: string) => {
    const config = await readConfig(project.config, compressConfigSchema, [...fast, ...settings]);
    const given = policy === undefined ? undefined : await readPolicy(join(project.folder, policy));
    return compress({
      config,
      directory: dirname(project.config),
      output: join(project.folder, out),
      plugins,
      searchFrom: [__dirname],
      ...(given && { policy: given }),
    });
  };

  it('removes the block, keeps the budget, and its policy can be carried out again', async () => {
    const plugins = [plugin('pruner', 'blocks', blocks)];
    const { baseline, pruned } = await go('found', plugins, ['prune.pruner=blocks', 'prune.budget.macs=0.5']);
    expect(pruned.macs).toBe(baseline.macs - 64 * 9 * (8 * 6 + 6 * 8));
    expect(
      (await readNetwork(join(project.folder, 'found/model/model.json'))).layers.map(({ name }) => name),
    ).not.toContain('inner');
    await go('again', plugins, ['prune.pruner=blocks', 'prune.budget.macs=0.5'], 'found/policy.json');
    for (const file of ['model.tersor', 'pruned/weights.bin', 'policy.json'])
      expect(await readFile(join(project.folder, 'again', file))).toEqual(
        await readFile(join(project.folder, 'found', file)),
      );
  });

  it('refuses one that calls itself a pruner of channels and leaves all: with its name and both numbers', async () => {
    const claims = (): Pruner => ({
      ...blocks(),
      id: 'claims',
      action: 'channels',
      plan: ({ name }) => ({ pruner: 'claims', group: name }),
    });
    const { baseline } = JSON.parse(await readFile(join(project.folder, 'found/summary.json'), 'utf8')) as {
      baseline: { macs: number };
    };
    await expect(
      go('bad', [plugin('pruner', 'claims', claims)], ['prune.pruner=claims', 'prune.budget.macs=0.5']),
    ).rejects.toMatchObject({
      code: 'BUDGET_EXCEEDED',
      message: `The pruner "claims" made a network with ${baseline.macs} where prune.budget.macs allows ${Math.floor(baseline.macs / 2)}.`,
    });
    expect((await readdir(join(project.folder, 'bad'))).filter((name) => name !== 'checkpoint')).toEqual([]);
  });

  it('refuses, before the search, a kind of action that no wall counts', async () => {
    const heads = () => ({ ...blocks(), id: 'heads', action: 'heads' });
    await expect(
      go('heads', [plugin('pruner', 'heads', heads)], ['prune.pruner=heads', 'prune.budget.macs=0.5']),
    ).rejects.toMatchObject({
      code: 'PLUGIN_INVALID',
      message: expect.stringContaining('The pruner "heads" has the action "heads"'),
    });
  });

  it('refuses what an environment of the user chooses over the budget', async () => {
    const careless: EnvironmentFactory = async (task) => ({
      observationSpace: { type: 'box', low: [0], high: [1] },
      actionSpace: { type: 'box', low: [0], high: [1] },
      maxSteps: 1,
      heuristics: { uniform: async () => [[1]] },
      reset: async () => ({ observation: [0] }),
      step: async () => {
        const { accuracy } = await task.evaluate(task.graph);
        return {
          observation: [0],
          reward: accuracy,
          terminated: true,
          truncated: false,
          info: { executed: [1], measures: { accuracy }, policy: [] },
        };
      },
    });
    await expect(
      go(
        'careless',
        [plugin('environment', 'careless', () => careless)],
        ['prune.environment=careless', 'prune.budget.macs=0.5'],
      ),
    ).rejects.toMatchObject({
      code: 'BUDGET_EXCEEDED',
      message: expect.stringMatching(
        /^The environment "careless" made a network with \d+ where prune\.budget\.macs allows \d+\.$/,
      ),
    });
  });
});
