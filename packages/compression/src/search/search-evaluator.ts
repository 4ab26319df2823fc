import type { Backend, Dataset, PruneConfig, QuantizeConfig } from '@tersor/core';
import { createEvaluator, type Evaluator } from '../training/evaluator.js';

interface SearchEvaluatorOptions {
  readonly evaluateBackend: Backend;
  readonly dataset: Dataset;
  readonly seed: number;
  readonly onNotice: (text: string) => void;
}

/** Makes evaluators on as many validation images as a stage's search measures its candidates on. */
export function searchEvaluator({ evaluateBackend, dataset, seed, onNotice }: SearchEvaluatorOptions) {
  return ({ images, racing }: PruneConfig | QuantizeConfig): Promise<Evaluator> =>
    createEvaluator({
      backend: evaluateBackend,
      dataset,
      split: 'validation',
      images,
      onNotFinite: onNotice,
      ...(racing && { racing: { ...racing, seed } }),
    });
}
