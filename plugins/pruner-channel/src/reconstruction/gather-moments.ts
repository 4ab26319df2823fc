import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import { disposeModel, modelFromGraph } from '@tersor/network';
import { createRandom, type Dataset, type LayerGraph, type Random } from '@tersor/core';
import { findConsumers, type Consumer } from './consumers.js';
import { prepareMoments, type InputMoments } from './refit.js';
import { sampleRows } from './sample-rows.js';

/** How much is gathered. */
export interface GatherOptions {
  /** Training images looked at. */
  readonly images: number;
  /** Output positions per image and layer. */
  readonly points: number;
  /**
   * Layers with more inputs (kernel positions x channels) than this are refit channel by channel: see
   * `Gathered`.
   */
  readonly maximumInputs: number;
  readonly ridge: number;
  readonly seed: number;
}

/** A layer with the statistics of its inputs. */
export interface Gathered {
  readonly consumer: Consumer;
  /**
   * True when the moments are those of whole im2col rows. False when they are those of the channels alone,
   * for layers with too many inputs: then removed channels are predicted from the kept ones at the same
   * position, and every kernel position is refit alike.
   */
  readonly wholeRows: boolean;
  readonly moments: InputMoments;
}

interface Sums {
  readonly consumer: Consumer;
  readonly wholeRows: boolean;
  readonly size: number;
  readonly sums: Float64Array;
  readonly products: Float64Array;
  rows: number;
}

const BATCH = 25;

/**
 * Runs the network over training images on the active backend and gathers the moments of what every
 * refittable layer reads.
 */
export async function gatherMoments(
  graph: LayerGraph,
  dataset: Dataset,
  layers: ReadonlySet<string>,
  options: GatherOptions,
): Promise<Map<string, Gathered>> {
  const totals = findConsumers(graph)
    .filter(({ layer }) => layers.has(layer))
    .flatMap((consumer): Sums[] => {
      const wholeRows = consumer.taps * consumer.channels <= options.maximumInputs;
      const size = wholeRows ? consumer.taps * consumer.channels : consumer.channels;
      if (size > options.maximumInputs) return [];
      return [
        {
          consumer,
          wholeRows,
          size,
          sums: new Float64Array(size),
          products: new Float64Array(size * size),
          rows: 0,
        },
      ];
    });
  const random = createRandom(options.seed, 'reconstruction');
  const count = Math.min(options.images, dataset.size('train'));
  const order = random.permutation(dataset.size('train')).slice(0, count);
  const model = await modelFromGraph(graph);
  try {
    for (let start = 0; start < count; start += BATCH) {
      const { images, labels } = await dataset.read('train', order.slice(start, start + BATCH));
      tf.tidy(() =>
        addBatch(
          graph,
          model,
          tf.tensor(images, [labels.length, ...dataset.imageShape]),
          totals,
          options.points,
          random,
        ),
      );
    }
  } finally {
    disposeModel(model);
  }
  return new Map(
    totals
      .filter(({ rows }) => rows > 0)
      .map(({ consumer, wholeRows, sums, products, rows }) => [
        consumer.layer,
        {
          consumer,
          wholeRows,
          moments: prepareMoments(
            sums,
            products,
            rows,
            consumer.offset !== undefined,
            options.ridge,
            `layer "${consumer.layer}"`,
          ),
        },
      ]),
  );
}

/** One forward pass, layer by layer; each consumer's input is sampled on the way. */
function addBatch(
  graph: LayerGraph,
  model: LayersModel,
  images: tf.Tensor,
  totals: readonly Sums[],
  points: number,
  random: Random,
): void {
  const byCall = new Map(
    totals.flatMap((total) => total.consumer.calls.map((call) => [call, total] as const)),
  );
  const outputs: tf.Tensor[] = [];
  graph.calls.forEach((call, index) => {
    if (graph.inputs.includes(index)) return void outputs.push(images);
    const inputs = call.inputs.map((input) => outputs[input]!);
    const total = byCall.get(index);
    if (total) addRows(total, readInput(graph, total.consumer, inputs[0]!), points, random);
    outputs.push(model.getLayer(call.layer).apply(inputs.length === 1 ? inputs[0]! : inputs) as tf.Tensor);
  });
}

/**
 * What the refit kernel reads: the layer's input, or for a separable convolution the result of its depthwise
 * part.
 */
function readInput(graph: LayerGraph, { layer, weight, window }: Consumer, input: tf.Tensor): tf.Tensor {
  if (weight !== 'pointwise_kernel') return input;
  const depthwise = graph.layers
    .find(({ name }) => name === layer)!
    .weights.find(({ name }) => name === 'depthwise_kernel')!;
  const kernel = tf.tensor4d(depthwise.data, depthwise.shape as [number, number, number, number]);
  return tf.depthwiseConv2d(input as tf.Tensor4D, kernel, [...window!.strides], window!.padding, 'NHWC', [
    ...window!.dilation,
  ]);
}

function addRows(total: Sums, input: tf.Tensor, points: number, random: Random): void {
  const { consumer, size, sums, products } = total;
  const channels = input.shape.at(-1)!;
  const [height, width] =
    input.rank === 4 ? [input.shape[1]!, input.shape[2]!] : [input.size / (input.shape[0]! * channels), 1];
  const window = total.wholeRows && consumer.weight === 'kernel' ? consumer.window : undefined;
  const rows = sampleRows(
    { data: input.dataSync(), shape: [input.shape[0]!, height!, width!, channels] },
    window,
    points,
    random,
  );
  const count = rows.length / size;
  // Read outside of a tidy: one that returns an array walks it, value by value, in search of tensors.
  const matrix = tf.tensor2d(rows, [count, size]);
  // Turned first: with its own flag for that, tfjs's wasm product is ten times slower.
  const turned = tf.transpose(matrix);
  const [productTensor, sumTensor] = [tf.matMul(turned, matrix), tf.sum(matrix, 0)];
  const [product, sum] = [productTensor.dataSync(), sumTensor.dataSync()];
  for (let i = 0; i < products.length; i++) products[i] = products[i]! + product[i]!;
  for (let i = 0; i < size; i++) sums[i] = sums[i]! + sum[i]!;
  tf.dispose([matrix, turned, productTensor, sumTensor]);
  total.rows += count;
}
