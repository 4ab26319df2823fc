import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import * as tfl from '@tensorflow/tfjs-layers';
import { graphFromModel, initializeKernels, readNetwork, writeModel } from '@tersor/network';
import { trainModel } from '@tersor/compression';
import { readConfig, trainConfigSchema } from '@tersor/core';
import { createTinyProject, type TinyProject } from './tiny-project.js';

describe('a training with a teacher', () => {
  let project: TinyProject;
  let path: string;
  beforeAll(async () => {
    project = await createTinyProject();
    path = join(dirname(project.config), 'train.yaml');
    await writeFile(
      path,
      [
        `architecture: ${project.model}`,
        'dataset: { use: cifar10, dir: data, validation: 40 }',
        'backend: { use: wasm, workers: 1 }',
        'train: { epochs: 1, learningRate: 0.01 }',
        'output: out/train',
        '',
      ].join('\n'),
    );
  });
  afterAll(() => rm(project.folder, { recursive: true, force: true }));

  async function go(set: string[]): Promise<Float32Array> {
    const config = await readConfig(path, trainConfigSchema, set);
    const output = await mkdtemp(join(project.folder, 'trained-'));
    await trainModel({ config, directory: dirname(path), output, searchFrom: [__dirname] });
    const { layers } = await readNetwork(join(output, 'model.json'));
    return layers.find(({ weights }) => weights.length > 0)!.weights[0]!.data;
  }

  it('learns other weights from soft labels than from the labels alone', async () => {
    const alone = await go([]);
    const taught = await go([`teacher=${project.model}`, 'train.distill=0.9']);
    expect([...taught]).not.toEqual([...alone]);
    expect(await go([`teacher=${project.model}`, 'train.distill=0.9'])).toEqual(taught);
  });

  it('needs a teacher and a share for it together', async () => {
    await expect(readConfig(path, trainConfigSchema, ['train.distill=0.5'])).rejects.toThrow(
      /"teacher" and "train\.distill"/,
    );
    await expect(readConfig(path, trainConfigSchema, [`teacher=${project.model}`])).rejects.toThrow(
      /set both, or neither/,
    );
  });

  it('refuses a teacher of other images or classes', async () => {
    const teacher = tfl.sequential({
      layers: [
        tfl.layers.flatten({ inputShape: [32, 32, 3] }),
        tfl.layers.dense({ units: 5, activation: 'softmax' }),
      ],
    });
    const folder = join(project.folder, 'five-classes');
    await writeModel(initializeKernels(await graphFromModel(teacher), 1), folder);
    teacher.dispose();
    await expect(go([`teacher=${join(folder, 'model.json')}`, 'train.distill=0.5'])).rejects.toThrow(
      /has an output of 5, the network to train one of 10/,
    );
  });
});
