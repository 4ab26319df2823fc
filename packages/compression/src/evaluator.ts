import { TersorError, type Backend, type Dataset, type LabelledImages, type LayerGraph, type Precision, type Split } from '@tersor/core';
import { accuracyOf } from './gradient-session.js';

/** Images read at once: bounds the memory of an evaluation on a large split. */
const CHUNK = 1000;

/** Measures networks on a fixed set of images that stay in memory. */
export interface Evaluator {
  /** Images it measures on. */
  readonly count: number;
  /** Networks measured so far. */
  readonly evaluations: number;
  /** Top-1 accuracy of a network, 0..1. */
  accuracy(graph: LayerGraph): Promise<number>;
}

interface EvaluatorOptions {
  readonly backend: Backend;
  readonly dataset: Dataset;
  readonly split: Split;
  /** At most so many images, spread evenly over the split; all of it when absent. */
  readonly images?: number;
  readonly precision?: Precision;
}

/** Reads the images and makes an evaluator. Throws `DATASET_INVALID` for an empty split. */
export async function createEvaluator({ backend, dataset, split, images, precision }: EvaluatorOptions): Promise<Evaluator> {
  const size = dataset.size(split);
  if (size === 0) {
    throw new TersorError('DATASET_INVALID', `Data set "${dataset.id}" has no ${split} images.`, {
      hint: split === 'validation' ? 'Hold some out of the training images with "dataset.validation".' : 'The folder is incomplete.',
    });
  }
  const count = Math.min(images ?? size, size);
  const indexes = Array.from({ length: count }, (_, i) => Math.floor((i * size) / count));
  const chunks: LabelledImages[] = [];
  for (let start = 0; start < count; start += CHUNK) chunks.push(await dataset.read(split, indexes.slice(start, start + CHUNK)));
  let evaluations = 0;
  return {
    count,
    get evaluations() {
      return evaluations;
    },
    accuracy: async (graph) => {
      evaluations++;
      const session = await backend.compile(graph, precision && { precision });
      try {
        let right = 0;
        for (const { images: pixels, labels } of chunks) right += accuracyOf(await session.run(pixels), labels) * labels.length;
        return right / count;
      } finally {
        session.dispose();
      }
    },
  };
}
