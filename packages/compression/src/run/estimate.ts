import type { CompressConfig, PruneConfig, QuantizeConfig } from '@tersor/core';
import type { RunEstimate } from '../results/pipeline-types.js';

/** What an estimate is made from. */
export interface Measured {
  /** Of the original network, from measuring it. */
  readonly secondsPerImage: number;
  readonly images: { readonly train: number; readonly validation: number; readonly test: number };
  /** Multiply-adds of the original. */
  readonly macs: number;
  /** False where a policy is given. */
  readonly searches: boolean;
}

/**
 * A training step in forward passes: one, and the gradients of inputs and of weights. These take about twice
 * as long each on wasm.
 */
const TRAINING = 5;
/** What surgery, refit and codes add to measuring a candidate: about as much again for the example. */
const CANDIDATE = 2;

/**
 * About how long a compression takes: candidates cost the share of the original's time that the budget leaves
 * of its multiply-adds. What it leaves out (surgery, codes, calibration) is little where images are many.
 */
export function estimateRun(
  { prune, quantize }: CompressConfig,
  { secondsPerImage, images, macs, searches }: Measured,
): RunEstimate {
  const share = prune ? shareOf(prune, macs) : 1;
  const searchOf = (stage: PruneConfig | QuantizeConfig | undefined) => {
    if (!stage || !searches) return 0;
    const { episodes, parallel = 1 } = stage.search;
    return (
      (episodes * CANDIDATE * Math.min(stage.images, images.validation) * share * secondsPerImage) / parallel
    );
  };
  const finetuneOf = (stage: PruneConfig | QuantizeConfig | undefined) => {
    if (!stage || stage.finetune.epochs === 0) return 0;
    const { epochs, distill } = stage.finetune;
    // A teacher, the original, is run too; at the end two networks are compared.
    const perImage = TRAINING * share + (distill > 0 ? 1 : 0);
    return (epochs * images.train * perImage + 2 * images.validation * share) * secondsPerImage;
  };
  const stages = [prune, quantize].filter((stage) => stage !== undefined);
  const rounds = prune?.stages ? prune.stages.length + 1 : 1;
  const search = searchOf(prune) * rounds + searchOf(quantize);
  const finetune = finetuneOf(prune) * rounds + finetuneOf(quantize);
  const measuring = stages.length * (images.validation + images.test) * share * secondsPerImage;
  return { search, finetune, all: search + finetune + measuring };
}

function shareOf({ budget: { macs: limit } }: PruneConfig, macs: number): number {
  if (limit === undefined) return 1;
  return Math.min(1, limit <= 1 ? limit : limit / macs);
}
