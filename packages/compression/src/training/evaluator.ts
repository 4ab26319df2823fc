import {
  isTersorError,
  createRandom,
  type Backend,
  type Dataset,
  type LabelledImages,
  type LayerGraph,
  type Precision,
  type Split,
} from '@tersor/core';
import { requireFiniteOutputs } from '../checks/finite-outputs.js';
import { requireImages } from '../checks/fitting.js';
import { accuracyOf, rightAnswers } from '@tersor/network';

/** Images read and evaluated at once: at most so many, and at most so many bytes of them. */
const CHUNK = 1000;
const CHUNK_BYTES = 256 * 2 ** 20;

/** An accuracy, 0..1, and the number of images that it was measured on. */
export interface Measurement {
  readonly accuracy: number;
  readonly images: number;
}

/** Which images a network has right. */
export interface Answers {
  readonly accuracy: number;
  /** 1 for every image that is right, else 0, in the evaluator's order. */
  readonly right: Uint8Array;
  /** Labels of the same images. */
  readonly labels: Int32Array;
}

/** Measures networks on a fixed set of images. */
export interface Evaluator {
  /** Images it measures on. */
  readonly count: number;
  /** Networks measured so far. */
  readonly evaluations: number;
  /**
   * Top-1 accuracy of a network on all images, 0..1. Throws `OUTPUTS_NOT_FINITE`, naming the first layer that
   * gives NaN or an infinite value.
   */
  accuracy(graph: LayerGraph): Promise<number>;
  /** The same, image by image. */
  answers(graph: LayerGraph): Promise<Answers>;
  /**
   * The same, but asked after every chunk (`right` of `seen` images were right) whether to leave it at the
   * images seen.
   */
  measure(graph: LayerGraph, isEnough: (right: number, seen: number) => boolean): Promise<Measurement>;
}

interface EvaluatorOptions {
  readonly backend: Backend;
  readonly dataset: Dataset;
  readonly split: Split;
  /** At most so many images, spread evenly over the split; all of it when absent. */
  readonly images?: number;
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

/** Reads the images and makes an evaluator. Throws `DATASET_INVALID` for an empty split. */
export async function createEvaluator({
  backend,
  dataset,
  split,
  images,
  precision,
  onNotFinite,
  racing,
  memory = 2 ** 30,
}: EvaluatorOptions): Promise<Evaluator> {
  const size = dataset.size(split);
  requireImages(dataset, [split]);
  const count = Math.min(images ?? size, size);
  const order = racing && createRandom(racing.seed, 'racing').permutation(count);
  const indexes = Array.from({ length: count }, (_, i) => Math.floor(((order?.[i] ?? i) * size) / count));
  const imageBytes = 4 * dataset.imageShape.reduce((product, length) => product * length, 1);
  const chunkSize = Math.min(CHUNK, Math.ceil(CHUNK_BYTES / imageBytes), racing?.images ?? CHUNK);
  const chunks = Array.from({ length: Math.ceil(count / chunkSize) }, (_, i) =>
    indexes.slice(i * chunkSize, (i + 1) * chunkSize),
  );
  const kept: LabelledImages[] = [];
  let room = Math.floor(memory / imageBytes);
  for (const chunk of chunks) {
    room -= chunk.length;
    if (room < 0) break;
    kept.push(await dataset.read(split, chunk));
  }
  let evaluations = 0;
  const pass = async (
    graph: LayerGraph,
    isEnough: (right: number, seen: number) => boolean,
    keep?: Answers,
  ) => {
    evaluations++;
    const session = await backend.compile(graph, precision && { precision });
    try {
      let right = 0;
      let seen = 0;
      for (const [i, chunk] of chunks.entries()) {
        const { images: pixels, labels } = kept[i] ?? (await dataset.read(split, chunk));
        const outputs = await session.run(pixels);
        await requireFiniteOutputs(outputs, {
          graph,
          backend,
          images: pixels,
          count: labels.length,
          precision,
        });
        right += accuracyOf(outputs, labels) * labels.length;
        keep?.right.set(rightAnswers(outputs, labels), seen);
        keep?.labels.set(labels, seen);
        seen += labels.length;
        if (isEnough(Math.round(right), seen)) break;
      }
      return { accuracy: right / seen, images: seen };
    } catch (error) {
      if (!onNotFinite || !isTersorError(error) || error.code !== 'OUTPUTS_NOT_FINITE') throw error;
      onNotFinite(`${error.message} This candidate counts as right on no image.`);
      return { accuracy: 0, images: count };
    } finally {
      session.dispose();
    }
  };
  return {
    count,
    get evaluations() {
      return evaluations;
    },
    measure: (graph, isEnough) => pass(graph, isEnough),
    accuracy: async (graph) => (await pass(graph, () => false)).accuracy,
    answers: async (graph) => {
      const kept = { accuracy: 0, right: new Uint8Array(count), labels: new Int32Array(count) };
      return { ...kept, accuracy: (await pass(graph, () => false, kept)).accuracy };
    },
  };
}
