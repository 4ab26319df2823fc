import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import type { Backend, Dataset, LayerGraph, TrainingBatch, TrainingObjective } from '@tersor/core';
import {
  compileGradients,
  copyWeights,
  graphFromModel,
  modelFromGraph,
  networkOutput,
  compileFused,
  type NetworkOutput,
} from '@tersor/network';
import { train, type TrainOptions } from './train.js';

const { layers } = tfl;
const CLASSES = 4;
const plain: TrainingObjective = { labelSmoothing: 0, distill: 0, temperature: 4 };

type Layer = tfl.LayersModel['layers'][number];
const conv = (activation?: 'softmax' | 'sigmoid') =>
  layers.conv2d({ filters: CLASSES, kernelSize: 1, ...(activation && { activation }) });
const softmax = () => layers.activation({ activation: 'softmax' });
const pool = () => layers.globalAveragePooling2d({});
const reshape = (...targetShape: number[]) => layers.reshape({ targetShape });
const dense = (activation?: 'softmax' | 'sigmoid' | 'hardSigmoid' | 'relu') =>
  layers.dense({ units: CLASSES, ...(activation && { activation }) });
const nested = (inside: Layer[], shape: number[]) => {
  const input = tfl.input({ shape });
  const output = inside.reduce((x, layer) => layer.apply(x) as tfl.SymbolicTensor, input);
  return tfl.model({ inputs: input, outputs: output }) as Layer;
};

/** Ends of networks: layers after features of 1x1x6 or, where `wide`, 2x2x6. */
const ENDS: Record<
  string,
  { end: () => Layer[]; wide?: boolean } & Pick<NetworkOutput, 'link' | 'isApplied'>
> = {
  'VGG, ResNet, DenseNet, Inception, NASNet, EfficientNet: dense with softmax': {
    end: () => [pool(), dense('softmax')],
    wide: true,
    link: 'softmax',
    isApplied: false,
  },
  'classifierActivation none: logits': {
    end: () => [pool(), dense()],
    wide: true,
    link: 'softmax',
    isApplied: false,
  },
  'MobileNet v1: convolution, reshape, softmax': {
    end: () => [conv(), reshape(CLASSES), softmax()],
    link: 'softmax',
    isApplied: false,
  },
  'MobileNet v1 of old: convolution, softmax, reshape': {
    end: () => [conv(), softmax(), reshape(CLASSES)],
    link: 'softmax',
    isApplied: false,
  },
  'SqueezeNet: convolution, pooling, softmax': {
    end: () => [conv(), pool(), softmax()],
    wide: true,
    link: 'softmax',
    isApplied: false,
  },
  'a Softmax layer': {
    end: () => [conv(), layers.flatten(), layers.softmax() as Layer],
    link: 'softmax',
    isApplied: false,
  },
  'a Softmax layer over the axis of the classes, counted from the front': {
    end: () => [conv(), layers.softmax({ axis: 3 }) as Layer],
    link: 'softmax',
    isApplied: false,
  },
  'logits of 1x1xC': { end: () => [conv()], link: 'softmax', isApplied: false },
  'a convolution with softmax, 1x1xC': { end: () => [conv('softmax')], link: 'softmax', isApplied: false },
  'softmax, then Flatten': {
    end: () => [conv('softmax'), layers.flatten()],
    link: 'softmax',
    isApplied: false,
  },
  'softmax, then Activation linear': {
    end: () => [pool(), dense('softmax'), layers.activation({ activation: 'linear' })],
    link: 'softmax',
    isApplied: false,
  },
  'softmax, then pooling over one position': {
    end: () => [conv('softmax'), pool()],
    link: 'softmax',
    isApplied: false,
  },
  'softmax, then Permute of 1x1xC': {
    end: () => [conv('softmax'), layers.permute({ dims: [3, 1, 2] }), layers.flatten()],
    link: 'softmax',
    isApplied: false,
  },
  'a nested model with the softmax': {
    end: () => [pool(), nested([dense(), softmax()], [6])],
    wide: true,
    link: 'softmax',
    isApplied: false,
  },
  'a nested model within a nested model with the softmax, then Reshape': {
    end: () => [nested([conv(), nested([softmax()], [1, 1, CLASSES])], [1, 1, 6]), reshape(CLASSES)],
    link: 'softmax',
    isApplied: false,
  },
  'softmax at every position, averaged': {
    end: () => [conv('softmax'), pool()],
    wide: true,
    link: 'softmax',
    isApplied: true,
  },
  'dense with sigmoid': {
    end: () => [pool(), dense('sigmoid')],
    wide: true,
    link: 'sigmoid',
    isApplied: false,
  },
  'sigmoid, then Reshape': {
    end: () => [conv(), layers.activation({ activation: 'sigmoid' }), reshape(CLASSES)],
    link: 'sigmoid',
    isApplied: false,
  },
  'dense with hard sigmoid': {
    end: () => [pool(), dense('hardSigmoid')],
    wide: true,
    link: 'sigmoid',
    isApplied: true,
  },
  'scores after a ReLU': {
    end: () => [pool(), dense('relu')],
    wide: true,
    link: 'softmax',
    isApplied: false,
  },
};

async function networkWith({ end, wide }: (typeof ENDS)[string]): Promise<LayerGraph> {
  const side = wide ? 2 : 1;
  const features = layers.conv2d({
    filters: 6,
    kernelSize: 1,
    activation: 'tanh',
    inputShape: [side, side, 3],
  });
  const model = tfl.sequential({ layers: [features, ...end()] });
  const graph = await graphFromModel(model);
  model.dispose();
  return graph;
}

function batchFor(graph: LayerGraph): TrainingBatch {
  const size = (graph.calls[graph.inputs[0]!]!.outputShape as number[]).reduce(
    (product, side) => product * side,
    1,
  );
  return {
    images: Float32Array.from({ length: 8 * size }, (_, i) => Math.sin(7 * i)),
    labels: Int32Array.from({ length: 8 }, (_, i) => i % CLASSES),
    seed: 1,
  };
}

/** What the network gives, run by stock tfjs: rows of `CLASSES` values. */
async function outputsOf(graph: LayerGraph, images: Float32Array): Promise<number[][]> {
  const model = await modelFromGraph(graph);
  const shape = graph.calls[graph.inputs[0]!]!.outputShape as number[];
  const values = (model.predict(tf.tensor(images, [8, ...shape])) as tf.Tensor).dataSync();
  model.dispose();
  return Array.from({ length: 8 }, (_, row) =>
    Array.from(values.subarray(row * CLASSES, (row + 1) * CLASSES)),
  );
}

/** Cross entropy from what the network gives, in plain numbers. */
function expectedLoss(
  rows: number[][],
  labels: Int32Array,
  link: NetworkOutput['link'],
  areProbabilities: boolean,
): number {
  const losses = rows.map((row, i) => {
    if (link === 'sigmoid')
      return row.reduce((sum, p, k) => sum - Math.log(k === labels[i] ? p : 1 - p), 0) / CLASSES;
    const weights = areProbabilities ? row : row.map(Math.exp);
    return -Math.log(weights[labels[i]!]! / weights.reduce((sum, weight) => sum + weight, 0));
  });
  return losses.reduce((sum, loss) => sum + loss, 0) / rows.length;
}

describe('networkOutput', () => {
  beforeAll(() => tf.setBackend('cpu'));

  it.each(Object.entries(ENDS))(
    'finds what the outputs are, and the loss and accuracy follow: %s',
    async (name, end) => {
      const graph = await networkWith(end);
      const { link, isApplied } = networkOutput(graph);
      expect({ link, isApplied }).toEqual({ link: end.link, isApplied: end.isApplied });
      const batch = batchFor(graph);
      const rows = await outputsOf(graph, batch.images);
      const session = await compileGradients(graph, plain);
      const { loss, accuracy, updates } = await session.step(copyWeights(graph), batch);
      session.dispose();
      const areProbabilities = name.includes('softmax') || name.includes('Softmax');
      expect(loss).toBeCloseTo(expectedLoss(rows, batch.labels, link, areProbabilities), 4);
      expect(accuracy).toBe(
        rows.filter((row, i) => row.indexOf(Math.max(...row)) === batch.labels[i]).length / 8,
      );
      expect(updates.some((update) => update.some((value) => value !== 0))).toBe(true);
    },
  );

  it('leaves a softmax within the network alone: attention, a recurrent layer', async () => {
    const input = tfl.input({ shape: [6] });
    const attention = layers
      .multiply()
      .apply([
        input,
        layers
          .dense({ units: 6, activation: 'softmax', name: 'attention' })
          .apply(input) as tfl.SymbolicTensor,
      ]);
    const attentive = await graphFromModel(
      tfl.model({ inputs: input, outputs: dense().apply(attention) as tfl.SymbolicTensor }),
    );
    expect(networkOutput(attentive).graph).toBe(attentive);
    const recurrent = await graphFromModel(
      tfl.sequential({
        layers: [
          layers.simpleRNN({
            units: CLASSES,
            activation: 'softmax',
            recurrentInitializer: 'glorotNormal',
            inputShape: [3, 2],
          }),
        ],
      }),
    );
    expect(networkOutput(recurrent).graph).toBe(recurrent);
  });

  it('keeps the softmax of a layer that is called within the network too', async () => {
    const input = tfl.input({ shape: [CLASSES] });
    const shared = dense('softmax');
    const graph = await graphFromModel(
      tfl.model({ inputs: input, outputs: shared.apply(shared.apply(input)) as tfl.SymbolicTensor }),
    );
    expect(networkOutput(graph)).toEqual({ graph, link: 'softmax', isApplied: true });
  });

  it('reads the average of two softmaxes as probabilities', async () => {
    const input = tfl.input({ shape: [3] });
    const heads = [dense('softmax'), dense('softmax')].map((head) => head.apply(input) as tfl.SymbolicTensor);
    const graph = await graphFromModel(
      tfl.model({ inputs: input, outputs: layers.average().apply(heads) as tfl.SymbolicTensor }),
    );
    expect(networkOutput(graph)).toEqual({ graph, link: 'softmax', isApplied: true });
  });
});

describe('distillation', () => {
  const options: TrainOptions = {
    ...plain,
    distill: 1,
    epochs: 1,
    learningRate: 0,
    schedule: 'constant',
    batchSize: 8,
    momentum: 0,
    weightDecay: 0,
    augmentation: { flip: false, shift: 0 },
  };
  const backend = {
    compileTraining: compileGradients,
    compile: (graph: LayerGraph) => compileFused(graph),
  } as unknown as Backend;
  const datasetOf = (graph: LayerGraph): Dataset => ({
    id: 'waves',
    imageShape: graph.calls[graph.inputs[0]!]!.outputShape as [number, number, number],
    classNames: ['a', 'b', 'c', 'd'],
    padValue: [0, 0, 0],
    size: () => 8,
    read: async () => batchFor(graph),
  });

  it.each(Object.entries(ENDS))('of a network by itself has no loss: %s', async (_, end) => {
    await tf.setBackend('cpu');
    const graph = await networkWith(end);
    const { history } = await train({
      graph,
      teacher: graph,
      backend,
      dataset: datasetOf(graph),
      options,
      seed: 1,
    });
    expect(history[0]!.loss).toBeCloseTo(0, 5);
  });

  it('refuses a teacher whose outputs are of another kind', async () => {
    const [graph, teacher] = [
      await networkWith(ENDS['dense with sigmoid']!),
      await networkWith(ENDS['classifierActivation none: logits']!),
    ];
    await expect(
      train({ graph, teacher, backend, dataset: datasetOf(graph), options, seed: 1 }),
    ).rejects.toMatchObject({
      code: 'MODEL_UNSUPPORTED',
      message: 'The teacher ends in a softmax, the network to train in a sigmoid.',
    });
  });
});
