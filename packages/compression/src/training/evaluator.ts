import {
  createRandom,
  elementCount,
  isTersorError,
  type Backend,
  type Dataset,
  type Evaluation,
  type LabelledImages,
  type LayerGraph,
  type Precision,
  type Split,
} from '@tersor/core';
import { requireFiniteOutputs } from '../checks/finite-outputs.js';
import { requireImages } from '../checks/fitting.js';
import { accuracyOf, joined, rightAnswers } from '@tersor/network';
import { createDivergenceMeter, WORST_DIVERGENCE } from './divergence.js';

/** Images read and evaluated at once: at most so many, and at most so many bytes of them. */
const CHUNK = 1000;
const CHUNK_BYTES = 256 * 2 ** 20;

/** What was measured, and the number of images that it was measured on. */
export interface Measurement extends Evaluation {
  readonly images: number;
}

/** Which images a network gets right. */
export interface Answers {
  readonly accuracy: number;
  /** 1 for every image that is right, else 0, in the evaluator's order. */
  readonly right: Uint8Array;
  /** Labels of the same images. */
  readonly labels: Int32Array;
}

/** Asked when `right` of `seen` images were right, with their mean divergence where one is measured. */
export type IsEnough = (right: number, seen: number, divergence?: number) => boolean;

/** Measures networks on a fixed set of images. */
export interface Evaluator {
  /** Images it measures on. */
  readonly count: number;
  /** Networks measured so far. */
  readonly evaluations: number;
  /**
   * Top-1 accuracy of a network on all images, 0..1. `onImages` hears after every chunk how many images it
   * had. Throws `OUTPUTS_NOT_FINITE`, naming the first layer that
   * gives NaN or an infinite value.
   */
  accuracy(graph: LayerGraph, onImages?: (images: number) => void): Promise<number>;
  /**
   * The same, and the divergence where it measures one. With `subset` it measures on the images that it draws
   * for `policy`, the digest of what made the network; on all of them where that is not known.
   */
  evaluate(graph: LayerGraph, policy?: string): Promise<Evaluation>;
  /** The same, image by image. */
  answers(graph: LayerGraph, onImages?: (images: number) => void): Promise<Answers>;
  /**
   * The same, but asked after every chunk whether to leave it at the images seen.
   */
  measure(graph: LayerGraph, isEnough: IsEnough, policy?: string): Promise<Measurement>;
}

interface EvaluatorOptions {
  readonly backend: Backend;
  readonly dataset: Dataset;
  readonly split: Split;
  /** Images of the split that it may take; all of them when absent. */
  readonly among?: readonly number[];
  /** At most so many of these, spread evenly; all when absent. */
  readonly images?: number;
  /** Measures the divergence of outputs from those of this network, too. */
  readonly original?: LayerGraph | undefined;
  /** Draws so many of its images for each policy, for `evaluate`. */
  readonly subset?: { readonly images: number; readonly seed: number } | undefined;
  readonly precision?: Precision;
  /**
   * A network whose outputs are not finite gets no accuracy (0) instead of an error: one bad candidate does
   * not end a search. Called with the message.
   */
  readonly onNotFinite?: ((text: string) => void) | undefined;
  /**
   * Takes the images in a random order, the same for every network, in chunks of at most so many: for
   * `measure`.
   */
  readonly racing?: { readonly images: number; readonly seed: number };
  /**
   * Bytes of images that stay in memory, 1 GiB when absent (87,000 images of 32x32, 1,700 of 224x224). Those
   * beyond are read again for every network.
   */
  readonly memory?: number;
}

/** How a network is measured. */
interface Passing {
  readonly isEnough?: IsEnough;
  readonly keep?: Answers;
  readonly onImages?: ((images: number) => void) | undefined;
  /** Places of the images, among the evaluator's, that it is measured on; all of them when absent. */
  readonly drawn?: readonly number[] | undefined;
}

/** Reads the images and makes an evaluator. Throws `DATASET_INVALID` for an empty split. */
export async function createEvaluator({
  backend,
  dataset,
  split,
  among,
  images,
  original,
  subset,
  precision,
  onNotFinite,
  racing,
  memory = 2 ** 30,
}: EvaluatorOptions): Promise<Evaluator> {
  requireImages(dataset, [split]);
  const size = among?.length ?? dataset.size(split);
  const count = Math.min(images ?? size, size);
  const order = racing && createRandom(racing.seed, 'racing').permutation(count);
  const indexes = Array.from({ length: count }, (_, i) => {
    const place = Math.floor(((order?.[i] ?? i) * size) / count);
    return among?.[place] ?? place;
  });
  const imageBytes = 4 * elementCount(dataset.imageShape);
  const chunkSize = Math.min(CHUNK, Math.ceil(CHUNK_BYTES / imageBytes), racing?.images ?? CHUNK);
  const chunked = <T>(list: readonly T[]) =>
    Array.from({ length: Math.ceil(list.length / chunkSize) }, (_, i) =>
      list.slice(i * chunkSize, (i + 1) * chunkSize),
    );
  const chunks = chunked(indexes);
  const kept: LabelledImages[] = [];
  let room = Math.floor(memory / imageBytes);
  for (const chunk of chunks) {
    room -= chunk.length;
    if (room < 0) break;
    kept.push(await dataset.read(split, chunk));
  }
  let evaluations = 0;
  const meter =
    original &&
    createDivergenceMeter(original, count, async () => {
      const session = await backend.compile(original, precision && { precision });
      try {
        const outputs: Float32Array[] = [];
        for (const [i, chunk] of chunks.entries())
          outputs.push(await session.run((kept[i] ?? (await dataset.read(split, chunk))).images));
        return joined(outputs);
      } finally {
        session.dispose();
      }
    });
  const places = [...indexes.keys()];
  const pass = async (
    graph: LayerGraph,
    { isEnough, keep, onImages, drawn }: Passing = {},
  ): Promise<Measurement> => {
    evaluations++;
    const session = await backend.compile(graph, precision && { precision });
    try {
      let right = 0;
      let divergence = 0;
      let seen = 0;
      for (const [i, chunk] of chunked(drawn ?? places).entries()) {
        const { images: pixels, labels } =
          (drawn ? undefined : kept[i]) ??
          (await dataset.read(
            split,
            chunk.map((place) => indexes[place]!),
          ));
        const outputs = await session.run(pixels);
        await requireFiniteOutputs(outputs, {
          graph,
          backend,
          images: pixels,
          count: labels.length,
          precision,
        });
        right += accuracyOf(outputs, labels) * labels.length;
        if (meter) divergence += await meter.summed(outputs, chunk);
        keep?.right.set(rightAnswers(outputs, labels), seen);
        keep?.labels.set(labels, seen);
        seen += labels.length;
        onImages?.(labels.length);
        if (isEnough?.(Math.round(right), seen, meter && divergence / seen)) break;
      }
      const accuracy = right / seen;
      return { accuracy, images: seen, ...(meter && { divergence: divergence / seen }) };
    } catch (error) {
      if (!onNotFinite || !isTersorError(error) || error.code !== 'OUTPUTS_NOT_FINITE') throw error;
      onNotFinite(`${error.message} This candidate counts as wrong on every image.`);
      return { accuracy: 0, images: count, ...(meter && { divergence: WORST_DIVERGENCE }) };
    } finally {
      session.dispose();
    }
  };
  const drawnFor = (policy: string | undefined) =>
    subset && policy !== undefined
      ? [
          ...createRandom(subset.seed, `images for ${policy}`).permutation(count).slice(0, subset.images),
        ].sort((a, b) => a - b)
      : undefined;
  return {
    count,
    get evaluations() {
      return evaluations;
    },
    measure: (graph, isEnough, policy) => pass(graph, { isEnough, drawn: drawnFor(policy) }),
    accuracy: async (graph, onImages) => (await pass(graph, { onImages })).accuracy,
    evaluate: async (graph, policy) => {
      const { images: _images, ...evaluation } = await pass(graph, { drawn: drawnFor(policy) });
      return evaluation;
    },
    answers: async (graph, onImages) => {
      const kept = { accuracy: 0, right: new Uint8Array(count), labels: new Int32Array(count) };
      return { ...kept, accuracy: (await pass(graph, { keep: kept, onImages })).accuracy };
    },
  };
}
