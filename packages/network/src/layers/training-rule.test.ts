import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import * as tfl from '@tensorflow/tfjs-layers';
import { compileGradients } from '../gradients/gradient-session.js';
import { copyWeights } from '../graph/graph-weights.js';
import { graphFromModel } from '../graph/model-graph.js';
import { registerLayerFacts } from './layer-table.js';
import type { TrainingSite } from './layer-facts.js';

/** Gives what it reads, times a weight; TensorFlow.js is told nothing of how it is trained. */
class Scaled extends tfl.layers.Layer {
  static readonly className = 'TestScaled';
  private factor: tfl.LayerVariable | undefined;

  override build(): void {
    this.factor = this.addWeight('factor', [1], 'float32', tfl.initializers.ones());
    this.built = true;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    return tf.mul(Array.isArray(inputs) ? inputs[0]! : inputs, this.factor!.read());
  }
}
tf.serialization.registerClass(Scaled as unknown as tf.serialization.SerializableConstructor<Scaled>);

test('a record says what its layer gives in training, from its weights; where it says nothing, the stock layer is called', async () => {
  await tf.setBackend('cpu');
  const seen: TrainingSite[] = [];
  registerLayerFacts({
    className: 'TestScaled',
    training: (site) => {
      seen.push(site);
      // Twice what the stock layer gives.
      return site.layer.name === 'stock' ? undefined : tf.mul(tf.mul(site.input, site.weight('factor')!), 2);
    },
  });
  const model = tfl.sequential({
    layers: [
      new Scaled({ name: 'doubled', inputShape: [2] }),
      new Scaled({ name: 'stock' }),
      tfl.layers.softmax({ name: 'scores' }),
    ],
  });
  const graph = await graphFromModel(model);
  const session = await compileGradients(graph, { labelSmoothing: 0, distill: 0, temperature: 4 });
  const { loss } = await session.step(copyWeights(graph), {
    images: Float32Array.of(1, 0),
    labels: Int32Array.of(0),
    teacher: new Float32Array(2),
    seed: 1,
  });
  expect(loss).toBeCloseTo(Math.log(1 + Math.exp(-2)), 5);
  expect(seen.map(({ layer }) => layer.name)).toEqual(['doubled', 'stock']);
  expect(seen[0]!.weight('nothing')).toBeUndefined();
  session.dispose();
  model.dispose();
});
