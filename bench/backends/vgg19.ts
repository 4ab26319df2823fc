import * as tfl from '@tensorflow/tfjs-layers';
import { graphFromModel, initializeKernels } from '@tersor/network';
import type { LayerGraph } from '@tersor/core';

const CHANNELS = [64, 64, 0, 128, 128, 0, 256, 256, 256, 256, 0, 512, 512, 512, 512, 0, 512, 512, 512, 512];

/**
 * VGG-19 with batch norm for 32x32 images and 10 classes, with drawn weights: the network of
 * bench/reference/vgg-torch.py.
 * @param part divides the number of channels, for a try
 */
export async function vgg19(part = 1): Promise<LayerGraph> {
  const { layers } = tfl;
  const model = tfl.sequential();
  model.add(layers.inputLayer({ inputShape: [32, 32, 3] }));
  for (const filters of CHANNELS) {
    if (filters === 0) {
      model.add(layers.maxPooling2d({ poolSize: 2 }));
      continue;
    }
    model.add(layers.conv2d({ filters: filters / part, kernelSize: 3, padding: 'same', useBias: false }));
    model.add(layers.batchNormalization());
    model.add(layers.activation({ activation: 'relu' }));
  }
  model.add(layers.averagePooling2d({ poolSize: 2 }));
  model.add(layers.flatten());
  model.add(layers.dense({ units: 10 }));
  const graph = initializeKernels(await graphFromModel(model), 1);
  model.dispose();
  return graph;
}
