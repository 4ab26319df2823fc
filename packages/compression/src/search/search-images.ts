import {
  createRandom,
  TersorError,
  TOKENS,
  type Backend,
  type Dataset,
  type Host,
  type LayerGraph,
  type PruneConfig,
  type QuantizeConfig,
} from '@tersor/core';
import { createEvaluator, type Evaluator } from '../training/evaluator.js';

/** Where a search measures its candidates. */
export interface SearchEvaluators {
  readonly search: Evaluator;
  /** On validation images that `search` never takes; only with `search.confirm`. */
  readonly confirm?: Evaluator;
}

/** What the evaluators of a search are made with. */
export interface SearchImages {
  readonly backend: Backend;
  readonly dataset: Dataset;
  readonly seed: number;
  readonly onNotFinite?: ((text: string) => void) | undefined;
}

/**
 * Evaluators on the validation images of a stage's search: at most `images`, spread evenly. With
 * `search.confirm` as many others, but at most half of the validation images, are drawn by the seed and set
 * apart before. Throws `CONFIG_INVALID` where there are not enough for both.
 *
 * @param original measures the divergence from its outputs, where given
 */
export async function createSearchEvaluators(
  { seed, ...place }: SearchImages,
  { images, racing, search: { confirm, subset } }: PruneConfig | QuantizeConfig,
  original: LayerGraph | undefined,
): Promise<SearchEvaluators> {
  const shared = { ...place, split: 'validation' as const, images, original };
  const options = {
    ...shared,
    ...(racing && { racing: { ...racing, seed } }),
    ...(subset !== undefined && { subset: { images: subset, seed } }),
  };
  if (confirm === undefined) return { search: await createEvaluator(options) };
  const total = place.dataset.size('validation');
  const apart = Math.min(images, Math.floor(total / 2));
  if (apart === 0)
    throw new TersorError(
      'CONFIG_INVALID',
      `search.confirm needs at least two validation images; data set "${place.dataset.id}" has ${total}.`,
      { hint: 'Leave "confirm" out, or hold more images out.' },
    );
  const confirming = new Set(createRandom(seed, 'confirm').permutation(total).slice(0, apart));
  const all = Array.from({ length: total }, (_, i) => i);
  return {
    search: await createEvaluator({ ...options, among: all.filter((i) => !confirming.has(i)) }),
    confirm: await createEvaluator({ ...shared, among: all.filter((i) => confirming.has(i)) }),
  };
}

/** Makes evaluators for a stage of a run: with the divergence where the stage's reward needs it. */
export function searchEvaluators({
  evaluateBackend,
  dataset,
  seed,
  onNotice,
  host,
  original,
}: {
  readonly evaluateBackend: Backend;
  readonly dataset: Dataset;
  readonly seed: number;
  readonly onNotice: (text: string) => void;
  readonly host: Host;
  readonly original: LayerGraph;
}) {
  return async (
    stage: 'prune' | 'quantize',
    config: PruneConfig | QuantizeConfig,
  ): Promise<SearchEvaluators> => {
    const { needs } = await host.get(TOKENS.reward, stage);
    return createSearchEvaluators(
      { backend: evaluateBackend, dataset, seed, onNotFinite: onNotice },
      config,
      needs === 'divergence' ? original : undefined,
    );
  };
}
