import * as tfl from '@tensorflow/tfjs-layers';
import { compileGradients, graphFromModel } from '@tersor/network';
import { createRandom, type Dataset, type LayerGraph } from '@tersor/core';

/** Input channels that say something about the class; those after them are pure noise. */
export const USEFUL = 4;
export const CHANNELS = 8;
/** Outputs of the convolution: the first four are used by the classifier, the last two all but ignored. */
export const OUTPUTS = 6;
const IMAGES = 300;
const POSITIONS = 4;

/**
 * Images of 2 x 2 whose class is which of the first four channels is bright; the other four are noise of the
 * same strength.
 */
export function plantedDataset(): Dataset {
  const random = createRandom(3, 'planted');
  const labels = Int32Array.from({ length: IMAGES }, () => random.integer(USEFUL));
  const size = POSITIONS * CHANNELS;
  const images = Float32Array.from(
    { length: IMAGES * size },
    (_, i) => random.normal() + (i % CHANNELS === labels[Math.floor(i / size)] ? 2 : 0),
  );
  return {
    id: 'planted',
    imageShape: [2, 2, CHANNELS],
    classNames: Array.from({ length: USEFUL }, (_, i) => `class ${i}`),
    padValue: new Array<number>(CHANNELS).fill(0),
    size: () => IMAGES,
    read: async (_, indexes) => ({
      images: Float32Array.from(
        indexes.flatMap((index) => [...images.subarray(index * size, (index + 1) * size)]),
      ),
      labels: Int32Array.from(indexes, (index) => labels[index]!),
    }),
  };
}

/**
 * A network whose useful slices are known: output o of the convolution looks for class o through slice (o,
 * o). All other slices into the first four outputs are small and useless. Those into the last two outputs
 * have the largest weights of all, but the classifier hardly reads them.
 */
export async function plantedNetwork(): Promise<LayerGraph> {
  const { layers } = tfl;
  const model = tfl.sequential({
    layers: [
      layers.conv2d({
        name: 'conv',
        filters: OUTPUTS,
        kernelSize: 1,
        activation: 'relu',
        inputShape: [2, 2, CHANNELS],
        kernelInitializer: 'zeros',
      }),
      layers.globalAveragePooling2d({ name: 'pool' }),
      layers.dense({ name: 'classifier', units: USEFUL, activation: 'softmax', kernelInitializer: 'zeros' }),
    ],
  });
  const graph = await graphFromModel(model);
  model.dispose();
  const random = createRandom(9);
  const conv = (input: number, output: number) =>
    output >= USEFUL ? 3 : input === output ? 2 : 0.2 * random.normal();
  const classifier = (input: number, output: number) =>
    input >= USEFUL ? 0.002 * random.normal() : input === output ? 2 : 0;
  const fill = (data: Float32Array, outputs: number, value: (input: number, output: number) => number) =>
    data.map((_, i) => value(Math.floor(i / outputs), i % outputs));
  return {
    ...graph,
    layers: graph.layers.map((layer) => ({
      ...layer,
      weights: layer.weights.map((weight) => {
        if (weight.name !== 'kernel') return weight;
        return {
          ...weight,
          data:
            layer.name === 'conv' ? fill(weight.data, OUTPUTS, conv) : fill(weight.data, USEFUL, classifier),
        };
      }),
    })),
  };
}

/** Share of the data set that a graph classifies right. */
export async function accuracy(graph: LayerGraph, dataset: Dataset): Promise<number> {
  const session = await compileGradients(graph, { labelSmoothing: 0, distill: 0, temperature: 1 });
  const batch = await dataset.read(
    'train',
    Array.from({ length: dataset.size('train') }, (_, i) => i),
  );
  const step = await session.step(
    graph.layers.flatMap(({ weights }) => weights.map(({ data }) => data)),
    { ...batch, seed: 1 },
  );
  session.dispose();
  return step.accuracy;
}
