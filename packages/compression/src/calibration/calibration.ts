import type { Observe } from '@tersor/network';
import type { Dataset, KernelMoments, LayerGraph, Quantizer } from '@tersor/core';
import type { QuantizePolicy } from '../policy/quantize-policy.js';
import { calibrateWinner, type CalibratedNetwork } from './calibrate-winner.js';
import { gatherLayerMoments, readCalibrationImages, type CalibrationSource } from './layer-moments.js';
import { createMeanCorrection } from './output-means.js';

/** Stage 2's use of calibration images, where its quantizer asks for them. */
export interface StageCalibration {
  /**
   * The quantizer for the search: it knows the moments of the original's inputs, so that its codes depend on
   * nothing but the layer and the bit width.
   */
  readonly quantizer: Quantizer;
  /** Corrects the means of a candidate's outputs. */
  correct(candidate: LayerGraph): LayerGraph;
  /** Carries a policy out, each layer knowing what those before have lost. */
  finish(
    bits: QuantizePolicy,
    limit: number,
    onLayer?: (done: number, total: number) => void,
  ): Promise<CalibratedNetwork>;
}

interface CalibrationInput {
  readonly graph: LayerGraph;
  /** Layers that get bit widths. */
  readonly layers: readonly string[];
  readonly quantizer: Quantizer;
  readonly dataset: Dataset;
  readonly backend: { readonly observe: Observe };
  readonly seed: number;
}

/**
 * Gathers the moments of the layers' inputs on the given backend; undefined where the quantizer does not ask
 * for them. Throws `DATASET_INVALID` where there are no training images.
 */
export async function prepareCalibration({
  graph,
  layers,
  quantizer,
  dataset,
  backend,
  seed,
}: CalibrationInput): Promise<StageCalibration | undefined> {
  const { calibration: options } = quantizer;
  if (!options) return undefined;
  const source: CalibrationSource = {
    options,
    seed,
    images: await readCalibrationImages(dataset, options, seed),
    observe: (network, calls) => backend.observe(network, calls),
  };
  const moments = await gatherLayerMoments(graph, new Set(layers), source);
  const byKernel = new Map<string, KernelMoments>(
    [...moments].flatMap(([layer, { kernels }]) =>
      [...kernels].map(([kernel, found]) => [`${layer}/${kernel}`, found] as const),
    ),
  );
  const { heuristics } = quantizer;
  const searched: Quantizer = {
    id: quantizer.id,
    bits: quantizer.bits,
    ...(heuristics && { heuristics }),
    encode: (input, bits) => {
      const found = byKernel.get(input.name);
      return found ? quantizer.encodeCalibrated!(input, bits, found) : quantizer.encode(input, bits);
    },
  };
  return {
    quantizer: searched,
    correct: createMeanCorrection(moments),
    finish: (bits, limit, onLayer) =>
      calibrateWinner({
        graph,
        bits,
        quantizer,
        searched,
        limit,
        source,
        ...(onLayer && { onLayer }),
      }),
  };
}
