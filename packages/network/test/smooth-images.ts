import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { createRandom, type Dataset, type LayerGraph } from '@tersor/core';
import { graphFromModel, modelFromGraph } from '../src/graph/model-graph.js';

/**
 * Images of one random process: neighbouring channels alike, so that there is something to gain by a refit.
 */
export function smoothImages(shape: readonly [number, number, number], count = 50): Dataset {
  const random = createRandom(2, 'images');
  const size = shape[0] * shape[1] * shape[2];
  const images = Float32Array.from({ length: count * size }, () => random.normal());
  for (let i = 1; i < images.length; i++) images[i] = 0.7 * images[i - 1]! + 0.5 * images[i]!;
  return {
    id: 'smooth',
    imageShape: shape,
    classNames: ['a', 'b'],
    padValue: [0],
    size: () => count,
    read: async (_, indexes) => ({
      images: Float32Array.from(
        indexes.flatMap((index) => [...images.subarray(index * size, (index + 1) * size)]),
      ),
      labels: Int32Array.from(indexes, (index) => index % 2),
    }),
  };
}

/** A network of some layers with drawn weights: biases and moving means included. */
export async function read(...list: tfl.layers.Layer[]): Promise<LayerGraph> {
  const model = tfl.sequential({ layers: list });
  const graph = await graphFromModel(model);
  model.dispose();
  return withDrawnWeights(graph);
}

/** The same network with drawn weights. */
export function withDrawnWeights(graph: LayerGraph): LayerGraph {
  const random = createRandom(5, 'weights');
  // Biases and moving means included: offsets must be taken up somewhere.
  return {
    ...graph,
    layers: graph.layers.map((layer) => ({
      ...layer,
      weights: layer.weights.map((weight) => ({
        ...weight,
        data: weight.data.map(() =>
          weight.name === 'moving_variance' || weight.name === 'gamma'
            ? 0.5 + random.uniform()
            : 0.4 * random.normal(),
        ),
      })),
    })),
  };
}

/** What a network gives for all training images. */
export async function outputOf(graph: LayerGraph, dataset: Dataset): Promise<Float32Array> {
  const { images } = await dataset.read(
    'train',
    Array.from({ length: dataset.size('train') }, (_, i) => i),
  );
  const model = await modelFromGraph(graph);
  const values = tf.tidy(() =>
    (
      [
        model.predict(tf.tensor(images, [dataset.size('train'), ...dataset.imageShape])),
      ].flat()[0] as tf.Tensor
    ).dataSync(),
  );
  model.dispose();
  return values as Float32Array;
}

/** Mean squared difference. */
export const squaredError = (left: Float32Array, right: Float32Array) =>
  left.reduce((sum, value, i) => sum + (value - right[i]!) ** 2, 0) / left.length;
