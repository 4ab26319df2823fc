import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { graphFromModel, initializeKernels, writeModel } from '@tersor/network';
import { tersor } from './tersor.js';
import { createTinyProject, type TinyProject } from './tiny-project.js';

const { layers } = tfl;

describe('models, data and tasks that do not fit', () => {
  let project: TinyProject;
  beforeAll(async () => {
    project = await createTinyProject();
    const config = [
      'architecture: model/model.json',
      'dataset: { use: cifar10, dir: data, validation: 40 }',
      'backend: { use: wasm, workers: 1 }',
      'train: { epochs: 1, batchSize: 16, learningRate: 0.01 }',
      'output: trained',
      '',
    ];
    await writeFile(join(project.folder, 'train.yaml'), config.join('\n'));
  });
  afterAll(() => rm(project.folder, { recursive: true, force: true }));

  async function write(name: string, model: tfl.LayersModel, isDrawn = true): Promise<string> {
    const graph = await graphFromModel(model);
    model.dispose();
    await writeModel(isDrawn ? initializeKernels(graph, 1) : graph, join(project.folder, name));
    return join(project.folder, name, 'model.json');
  }

  const evaluate = (model: string, ...more: string[]) =>
    tersor('eval', model, '--dataset', 'cifar10', '--option', `dir=${project.data}`, ...more);
  const compress = (model: string, ...set: string[]) =>
    tersor(
      'compress',
      project.config,
      '--out',
      join(project.folder, 'refused'),
      '--quiet',
      ...[`model=${model}`, ...set].flatMap((value) => ['--set', value]),
    );
  const train = (architecture: string, ...set: string[]) =>
    tersor(
      'train',
      join(project.folder, 'train.yaml'),
      '--out',
      join(project.folder, 'trained'),
      ...[`architecture=${architecture}`, ...set].flatMap((value) => ['--set', value]),
    );
  const profile = (model: string) => tersor('profile', model, '--out', join(project.folder, 'none.json'));

  const flat = (side: number, units: number) =>
    tfl.sequential({
      layers: [
        layers.flatten({ inputShape: [side, side, 3] }),
        layers.dense({ units, activation: 'softmax' }),
      ],
    });
  const twoOutputs = () => {
    const input = tfl.input({ shape: [32, 32, 3] });
    const features = layers.flatten().apply(input);
    return tfl.model({
      inputs: input,
      outputs: [10, 2].map((units) => layers.dense({ units }).apply(features) as tfl.SymbolicTensor),
    });
  };

  it.each<[string, () => tfl.LayersModel, RegExp]>([
    [
      'images of another size',
      () => flat(16, 10),
      /takes inputs of 16x16x3, but the images of "cifar10" are 32x32x3/,
    ],
    [
      'another number of classes',
      () => flat(32, 4),
      /gives 4 values per image, but "cifar10" has 10 classes/,
    ],
    ['several outputs', twoOutputs, /has 2 outputs \(10, 2\)/],
  ])('are refused by eval, train and compress alike: %s', async (name, model, message) => {
    const path = await write(name, model());
    for (const run of [evaluate, train, compress]) {
      const { code, err, out } = await run(path);
      expect({ code, err, out }).toEqual({ code: 1, err: expect.stringMatching(message), out: '' });
      expect(err).toContain('[MODEL_UNSUPPORTED]');
    }
  });

  it('are refused by profile where there are several outputs', async () => {
    const { code, err } = await profile(await write('two', twoOutputs()));
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringMatching(/has 2 outputs \(10, 2\)\. \[MODEL_UNSUPPORTED\]/),
    });
  });

  it.each([
    [
      'all training images',
      120,
      /120 validation images were requested, but that is all training images\. \[DATASET_INVALID\]\n.*0 to 119/,
    ],
    [
      'more than there are',
      500,
      /500 validation images were requested, but there are only 120 training images/,
    ],
  ])('are refused before anything runs where validation takes %s', async (_, validation, message) => {
    for (const run of [train, compress])
      expect(await run(project.model, `dataset.validation=${validation}`)).toMatchObject({
        code: 1,
        err: expect.stringMatching(message),
      });
  });

  it('a batch larger than the training set is said', async () => {
    expect(await train(project.model, 'train.batchSize=100')).toMatchObject({
      code: 0,
      err: expect.stringContaining('note: train.batchSize is 100, but there are only 80 training images'),
    });
  });

  describe('a network whose outputs are NaN', () => {
    let broken: string;
    beforeAll(async () => {
      const model = tfl.sequential({
        layers: [
          layers.conv2d({ name: 'conv', filters: 4, kernelSize: 3, strides: 4, inputShape: [32, 32, 3] }),
          layers.batchNormalization({ name: 'norm' }),
          layers.conv2d({ name: 'next', filters: 4, kernelSize: 3 }),
          layers.flatten(),
          layers.dense({ units: 10, activation: 'softmax' }),
        ],
      });
      model.getLayer('norm').setWeights([tf.ones([4]), tf.zeros([4]), tf.zeros([4]), tf.fill([4], -1)]);
      broken = await write('nan', model);
    });

    it.each<[string, () => Promise<{ code: number; out: string; err: string }>]>([
      ['eval', () => evaluate(broken)],
      ['eval on the cpu', () => evaluate(broken, '--backend', 'cpu')],
      ['compress', () => compress(broken)],
    ])('has no accuracy: %s ends, and names the layer', async (_, run) => {
      expect(await run()).toEqual({
        code: 1,
        out: '',
        err: expect.stringMatching(
          /first layer whose output is not finite is "norm" \(BatchNormalization\)\. \[OUTPUTS_NOT_FINITE\]/,
        ),
      });
    });

    it('trains to an error, not to a model: its validation images have no accuracy', async () => {
      expect(await train(broken)).toMatchObject({
        code: 1,
        err: expect.stringContaining('[OUTPUTS_NOT_FINITE]'),
      });
    });
  });

  it('a module whose initializers have no seed gives the same network for the same seed of the run, another one for another', async () => {
    const module = join(project.folder, 'random.mjs');
    await writeFile(
      module,
      `export default ({ sequential, layers }) => sequential({ layers: [
        layers.conv2d({ name: 'conv', filters: 4, kernelSize: 3, strides: 4, inputShape: [32, 32, 3], trainable: false }),
        layers.batchNormalization({ name: 'norm', gammaInitializer: 'randomUniform', betaInitializer: 'randomNormal' }),
        layers.flatten({ name: 'flat' }), layers.dense({ name: 'head', units: 10, biasInitializer: 'truncatedNormal' })] });`,
    );
    const weights = async (seed: number) => {
      expect(await train(module, `seed=${seed}`, 'train.learningRate=0.0001')).toMatchObject({ code: 0 });
      return readFile(join(project.folder, 'trained/weights.bin'));
    };
    const first = await weights(1);
    expect((await weights(1)).equals(first)).toBe(true);
    expect((await weights(2)).equals(first)).toBe(false);
  });
});
