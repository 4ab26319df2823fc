import { mkdir, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { graphFromModel, initializeKernels, writeModel } from '@tersor/network';
import { createRandom } from '@tersor/core';

/**
 * A folder with a tiny network, a tiny data set in the layout of CIFAR-10, and a config that compresses one
 * with the other in seconds.
 */
export interface TinyProject {
  readonly folder: string;
  readonly config: string;
  readonly data: string;
  readonly model: string;
}

const CONFIG = `model: model/model.json
dataset: { use: cifar10, dir: data, validation: 40 }
backend: { use: wasm, workers: 1 }
seed: 3
prune:
  agent: { use: ddpg, warmup: 2 }
  search: { episodes: 6 }
  pruner: { use: channel, criterion: l1 }
  budget: { macs: 0.6 }
  finetune: { epochs: 1, learningRate: 0.01, batchSize: 16 }
quantize:
  agent: { use: ddpg, warmup: 2 }
  search: { episodes: 6 }
  quantizer: linear
  budget: { bytes: 0.5 }
  finetune: { epochs: 1, learningRate: 0.001, batchSize: 16, distill: 0.5 }
checkpointSeconds: 0
output: out
`;

/** Writes the project, with so many images, into a new temporary folder. */
export async function createTinyProject({ train = 120, test = 40 } = {}): Promise<TinyProject> {
  const folder = await mkdtemp(join(tmpdir(), 'tersor-cli-'));
  const [config, data, model] = [
    join(folder, 'compress.yaml'),
    join(folder, 'data'),
    join(folder, 'model/model.json'),
  ];
  await mkdir(data);
  await writeFile(config, CONFIG);
  await writeFile(join(data, 'data_batch_1.bin'), records(train, 'train'));
  await writeFile(join(data, 'test_batch.bin'), records(test, 'test'));
  await tf.setBackend('cpu');
  const { layers } = tfl;
  const network = tfl.sequential({
    name: 'tiny',
    layers: [
      layers.conv2d({
        name: 'conv1',
        filters: 8,
        kernelSize: 3,
        strides: 4,
        padding: 'same',
        inputShape: [32, 32, 3],
        useBias: false,
      }),
      layers.batchNormalization({ name: 'bn1' }),
      layers.activation({ name: 'relu1', activation: 'relu' }),
      layers.conv2d({
        name: 'conv2',
        filters: 8,
        kernelSize: 3,
        strides: 2,
        padding: 'same',
        activation: 'relu',
      }),
      layers.flatten({ name: 'flatten' }),
      layers.dense({ name: 'classifier', units: 10, activation: 'softmax' }),
    ],
  });
  await writeModel(initializeKernels(await graphFromModel(network), 1), join(folder, 'model'));
  network.dispose();
  return { folder, config, data, model };
}

/** Images whose brightness follows their label, so that accuracies differ between networks. */
function records(count: number, name: string): Buffer {
  const random = createRandom(1, name);
  return Buffer.concat(
    Array.from({ length: count }, (_, i) => {
      const label = i % 10;
      return Buffer.from([
        label,
        ...Array.from({ length: 3072 }, () => Math.floor(label * 20 + random.uniform() * 60)),
      ]);
    }),
  );
}
