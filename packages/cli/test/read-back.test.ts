import { existsSync } from 'node:fs';
import { readdir, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { compileFused, compileGradients, observeStock } from '@tersor/network';
import { compress } from '@tersor/compression';
import { compressConfigSchema, definePlugin, readConfig, type LayerGraph } from '@tersor/core';
import { z } from 'zod';
import { createTinyProject, type TinyProject } from './tiny-project.js';

/** A backend that forgets the activation of "conv2", of all networks or of those with fewer channels only. */
const oddBackend = (isWrong: (graph: LayerGraph) => boolean) =>
  definePlugin({
    name: 'odd',
    kind: 'backend',
    id: 'odd',
    core: '>=0.1.0 <1.0.0',
    description: 'computes something else',
    options: z.strictObject({}),
    create: () => ({
      id: 'odd',
      capabilities: { training: true, precisions: ['float32' as const], workers: 1 },
      isAvailable: async () => ({ available: true as const, details: {} }),
      activate: async () => void (await tf.setBackend('cpu')),
      compile: (graph) =>
        compileFused(
          isWrong(graph)
            ? {
                ...graph,
                layers: graph.layers.map((layer) =>
                  layer.name === 'conv2'
                    ? { ...layer, config: { ...layer.config, activation: 'linear' } }
                    : layer,
                ),
              }
            : graph,
        ),
      observe: (graph, calls) => observeStock(graph, calls),
      compileTraining: compileGradients,
      memory: () => ({ tensors: 0, bytes: 0 }),
      dispose: async () => undefined,
    }),
  });

describe('tersor compress reads back what it writes', () => {
  let project: TinyProject;
  beforeAll(async () => {
    project = await createTinyProject();
  });
  afterAll(() => rm(project.folder, { recursive: true, force: true }));
  const go = async (out: string, isWrong: (graph: LayerGraph) => boolean) => {
    const config = await readConfig(project.config, compressConfigSchema, [
      'backend=odd',
      'prune.search.episodes=2',
      'quantize.search.episodes=2',
      'prune.finetune.epochs=0',
      'quantize.finetune.epochs=0',
    ]);
    const stages: string[] = [];
    const plugins = [oddBackend(isWrong)];
    await compress({
      config,
      directory: dirname(project.config),
      output: join(project.folder, out),
      plugins,
      searchFrom: [__dirname],
      events: { onStage: (stage) => void stages.push(stage) },
    }).catch((error: unknown) => {
      throw Object.assign(error as Error, { stages });
    });
    return readdir(join(project.folder, out));
  };

  it('and is content with a network whose files are it', async () => {
    expect(await go('right', () => false)).toEqual(
      expect.arrayContaining(['model', 'model.tersor', 'pruned', 'summary.json']),
    );
  });

  it('and refuses, before the search, a model that would not be the same in stock TensorFlow.js', async () => {
    await expect(go('before', () => true)).rejects.toMatchObject({
      code: 'MODEL_UNSUPPORTED',
      message: expect.stringMatching(/model\/model\.json gives other outputs .* layer "conv2" on/),
      stages: [],
    });
    expect(existsSync(join(project.folder, 'before'))).toBe(false);
  });

  it('and refuses a result that is not what was evaluated: earlier results stay, the checkpoint too', async () => {
    await go('after', () => false);
    const before = await readFile(join(project.folder, 'after/summary.json'), 'utf8');
    const isSmaller = ({ layers }: LayerGraph) =>
      (layers.find(({ name }) => name === 'conv1')?.weights[0]!.shape[3] ?? 8) < 8;
    await expect(go('after', isSmaller)).rejects.toMatchObject({
      code: 'READ_BACK_FAILED',
      message: expect.stringMatching(
        /^pruned\/model\.json gives other outputs than the evaluated network, from the layer "conv2" on/,
      ),
    });
    expect(await readFile(join(project.folder, 'after/summary.json'), 'utf8')).toBe(before);
    const left = await readdir(join(project.folder, 'after'));
    expect(left).toContain('checkpoint');
    expect(left.filter((name) => name.startsWith('.partial'))).toEqual([]);
  });
});
