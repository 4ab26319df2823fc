import '@tensorflow/tfjs-backend-cpu';
import * as tfl from '@tensorflow/tfjs-layers';
import { graphFromModel } from '../graph/model-graph.js';
import { bitOperations } from './bit-operations.js';

const { layers } = tfl;

it('counts multiply-adds times the bits of both factors, 32 for floats', async () => {
  const model = tfl.sequential({
    layers: [
      layers.conv2d({ name: 'conv', filters: 2, kernelSize: 3, padding: 'same', inputShape: [4, 4, 3] }),
      layers.flatten(),
      layers.dense({ name: 'scores', units: 5 }),
    ],
  });
  const graph = await graphFromModel(model);
  const [conv, scores] = [4 * 4 * 3 * 3 * 3 * 2, 32 * 5];
  expect(bitOperations(graph)).toBe((conv + scores) * 1024);
  const bitsOf: Record<string, { weights: number; activations?: number }> = {
    conv: { weights: 4, activations: 8 },
    scores: { weights: 2 },
  };
  expect(bitOperations(graph, (layer) => bitsOf[layer] ?? {})).toBe(conv * 32 + scores * 2 * 32);
});
