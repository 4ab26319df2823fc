import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { graphFromModel } from '@tersor/network';
import { drawWeights, expectSameGraph, expectSameOutputs } from '../../test/same-outputs.js';
import { NETWORKS, through } from '../../test/small-networks.js';

const L = tfl.layers;

beforeAll(() => tf.setBackend('cpu'));

test.each(Object.entries(NETWORKS))(
  '%s: onnxruntime computes what TensorFlow.js does',
  async (_name, make) => {
    const model = make();
    await expectSameOutputs(model, 1e-4);
    model.dispose();
  },
);

it('writes a batch norm of rows, which TensorFlow.js mixes up, as one of channels that are turned', async () => {
  const rows = through([4, 3, 2], L.batchNormalization({ axis: 1, name: 'norm' }));
  const turned = through(
    [4, 3, 2],
    L.permute({ dims: [2, 3, 1] }),
    L.batchNormalization({ name: 'norm' }),
    L.permute({ dims: [3, 1, 2] }),
  );
  const [graph, expected] = await Promise.all([rows, turned].map((model) => graphFromModel(model)));
  await expectSameGraph(drawWeights(graph!), 1e-4, { expected: drawWeights(expected!) });
});
