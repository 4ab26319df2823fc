import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  compressConfigSchema,
  parseConfig,
  type CompressConfig,
  type FilePlace,
  type RunIdentity,
  type Trial,
} from '@tersor/core';

const [SIZE, FILTERS, CLASSES] = [4, 4, 2];

/** The layers of a network that is compressed in a moment, as a LayersModel has them. */
const LAYERS = [
  {
    class_name: 'Conv2D',
    config: {
      name: 'conv',
      filters: FILTERS,
      kernel_size: [3, 3],
      strides: [1, 1],
      padding: 'same',
      data_format: 'channels_last',
      dilation_rate: [1, 1],
      activation: 'relu',
      use_bias: true,
      batch_input_shape: [null, SIZE, SIZE, 1],
      dtype: 'float32',
    },
  },
  { class_name: 'Flatten', config: { name: 'flatten' } },
  { class_name: 'Dense', config: { name: 'classes', units: CLASSES, activation: 'softmax', use_bias: true } },
];
const WEIGHTS = [
  { name: 'conv/kernel', shape: [3, 3, 1, FILTERS], dtype: 'float32' },
  { name: 'conv/bias', shape: [FILTERS], dtype: 'float32' },
  { name: 'classes/kernel', shape: [SIZE * SIZE * FILTERS, CLASSES], dtype: 'float32' },
  { name: 'classes/bias', shape: [CLASSES], dtype: 'float32' },
];

/** A data set plugin that needs no package: 24 images of each split, whose brightness follows their class. */
const DATA = `
const sizes = { train: 24, validation: 24, test: 24 };
const brightness = (split, index) => (index % 2) + 0.01 * index + 0.001 * split.length;
module.exports = {
  tersorPlugin: 1, name: 'tersor-dataset-brightness', kind: 'dataset', id: 'brightness', core: '*',
  description: 'dark and bright images', options: { '~standard': { version: 1, vendor: 'tersor', validate: (value) => ({ value }) } },
  create: () => ({
    id: 'brightness', imageShape: [${SIZE}, ${SIZE}, 1], classNames: ['dark', 'bright'], padValue: [0],
    size: (split) => sizes[split],
    read: async (split, indexes) => ({
      images: Float32Array.from(indexes.flatMap((index) => Array(${SIZE * SIZE}).fill(brightness(split, index)))),
      labels: Int32Array.from(indexes, (index) => index % 2),
    }),
  }),
};
`;

/** Says what the results of a config come from: see `identifyCompression` of @tersor/compression. */
export type IdentifyTrial = (config: CompressConfig, directory: string) => Promise<RunIdentity>;

/** What trials of a contract are made from. */
export interface TrialProject {
  /** A trial of the project, its files in `place`. */
  trial(place: FilePlace, settings?: TrialSettings): Promise<Trial>;
}

export interface TrialSettings {
  readonly seed?: number;
  /** Episodes of the search; one takes milliseconds. */
  readonly episodes?: number;
  /** Path of the model below the project's folder. */
  readonly model?: string;
}

/** Calls `work` with a network, a data set and configs in a temporary folder. */
export async function withTrialProject(
  identify: IdentifyTrial,
  work: (project: TrialProject) => Promise<void>,
): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'tersor-contract-'));
  try {
    await writeProject(directory);
    const inputs = await identify(configOf({}), directory);
    await work({
      trial: async (place, settings = {}) => {
        const { seed = 1, episodes = 1, model = 'network' } = settings;
        return { id: `${model}-${seed}-${episodes}`, config: configOf(settings), inputs, directory, place };
      },
    });
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function configOf({ seed = 1, episodes = 1, model = 'network' }: TrialSettings): CompressConfig {
  const config = {
    model: `${model}/model.json`,
    dataset: './data.cjs',
    backend: 'wasm',
    seed,
    prune: {
      agent: 'random',
      search: { episodes },
      budget: { macs: 0.8 },
      finetune: { epochs: 0, learningRate: 0.01 },
    },
  };
  return parseConfig(config, compressConfigSchema);
}

async function writeProject(directory: string): Promise<void> {
  const folder = join(directory, 'network');
  await mkdir(folder);
  const values = WEIGHTS.reduce((sum, { shape }) => sum + shape.reduce((size, each) => size * each, 1), 0);
  const weights = Float32Array.from({ length: values }, (_, i) => Math.sin(7 * i));
  const model = {
    format: 'layers-model',
    modelTopology: { class_name: 'Sequential', config: { name: 'network', layers: LAYERS } },
    weightsManifest: [{ paths: ['weights.bin'], weights: WEIGHTS }],
  };
  await writeFile(join(folder, 'model.json'), JSON.stringify(model));
  await writeFile(join(folder, 'weights.bin'), new Uint8Array(weights.buffer));
  await writeFile(join(directory, 'data.cjs'), DATA);
}
