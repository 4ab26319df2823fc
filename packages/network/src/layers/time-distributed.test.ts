import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as tfl from '@tensorflow/tfjs-layers';
import { disposeModel, graphFromModel, modelFromGraph } from '../graph/model-graph.js';
import { networkOutput } from '../graph/network-output.js';

test('the softmax of a wrapped layer is taken off, so that its results are logits', async () => {
  await tf.setBackend('cpu');
  const dense = tfl.layers.dense({ units: 3, activation: 'softmax' });
  const model = tfl.sequential({
    layers: [tfl.layers.timeDistributed({ layer: dense, inputShape: [1, 4] }), tfl.layers.flatten()],
  });
  const { graph, link, isApplied } = networkOutput(await graphFromModel(model));
  expect([link, isApplied]).toEqual(['softmax', false]);
  const logits = await modelFromGraph(graph);
  const input = tf.tensor([[[1, 2, 3, 4]]]);
  const [scores, expected] = [
    tf.softmax(logits.predict(input) as tf.Tensor),
    model.predict(input) as tf.Tensor,
  ];
  expect(Math.max(...tf.abs(tf.sub(scores, expected)).dataSync())).toBeLessThan(1e-6);
  expect(Math.abs((tf.sum(logits.predict(input) as tf.Tensor).dataSync()[0] as number) - 1)).toBeGreaterThan(
    1e-3,
  );
  disposeModel(logits);
});
