import { createOutputLoss, crossProductsOn } from '@tersor/network';
import type {
  Backend,
  BitErrors,
  Dataset,
  EncodedTensor,
  KernelMoments,
  LayerGraph,
  Quantizer,
} from '@tersor/core';
import { leastErrorBits } from '../environments/least-error-bits.js';
import { encodeLayer, withEncodedWeights } from '../policy/quantized-graph.js';
import type { QuantizePolicy } from '../policy/quantize-policy.js';
import { createBitErrors } from './bit-errors.js';
import { calibrateWinner, type CalibratedNetwork } from './calibrate-winner.js';
import {
  drawCalibrationImages,
  gatherLayerMoments,
  readCalibrationImages,
  type CalibrationSource,
} from './layer-moments.js';
import { createMeanCorrection } from './output-means.js';

/**
 * The heuristic of a quantizer that knows the inputs of the layers: the bits with the least sum of errors.
 */
export const CALIBRATED_HEURISTIC = 'reconstruction';

/** Stage 2's use of calibration images, where its quantizer asks for them. */
export interface StageCalibration {
  /**
   * The quantizer for the search: it knows the moments of the original's inputs, so that its codes depend on
   * nothing but the layer and the bit width.
   */
  readonly quantizer: Quantizer;
  /** Corrects the means of a candidate's outputs. */
  correct(candidate: LayerGraph): LayerGraph;
  /** What layers lose at their bits, as the heuristic sees it. */
  readonly errors: BitErrors;
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
  readonly backend: Pick<Backend, 'observe' | 'compile' | 'crossProducts'>;
  readonly seed: number;
  readonly onLayer?: (done: number, total: number) => void;
  /** Told how many layers have been probed, when the errors are asked for. */
  readonly onProbed?: (done: number, total: number) => void;
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
  onLayer: onGathered,
  onProbed,
}: CalibrationInput): Promise<StageCalibration | undefined> {
  const { calibration: options } = quantizer;
  if (!options) return undefined;
  const drawn = drawCalibrationImages(dataset, options, seed);
  const source: CalibrationSource = {
    options,
    seed,
    images: await readCalibrationImages(dataset, drawn.search),
    observe: (network, calls) => backend.observe(network, calls),
    multiply: crossProductsOn(backend),
  };
  let whole: Promise<Float32Array[]> | undefined;
  /** The winner gets all images, also those that the search kept for probes. */
  const imagesOfWinner = async () =>
    drawn.all === drawn.search ? source.images : (whole ??= readCalibrationImages(dataset, drawn.all));
  const moments = await gatherLayerMoments(graph, new Set(layers), source, onGathered);
  const byKernel = new Map<string, KernelMoments>(
    [...moments].flatMap(([layer, { kernels }]) =>
      [...kernels].map(([kernel, found]) => [`${layer}/${kernel}`, found] as const),
    ),
  );
  const correct = createMeanCorrection(moments);
  // The heuristic and the environment ask for the same codes.
  const encodings = new Map<string, EncodedTensor>();
  const searched: Quantizer = {
    id: quantizer.id,
    bits: quantizer.bits,
    heuristics: {
      ...quantizer.heuristics,
      [CALIBRATED_HEURISTIC]: async (question) => leastErrorBits(question, await errors(question)),
    },
    encode: (input, bits) => {
      const key = `${input.name}@${bits}`;
      const known = encodings.get(key);
      if (known) return known;
      const found = byKernel.get(input.name);
      const encoded = found ? quantizer.encodeCalibrated!(input, bits, found) : quantizer.encode(input, bits);
      encodings.set(key, encoded);
      return encoded;
    },
  };
  const errors = createBitErrors({
    quantizer: searched,
    moments: byKernel,
    ...(options.weights === 'probed' && {
      openLoss: () => createOutputLoss({ graph, dataset, backend, chosen: drawn.probes }),
    }),
    ...(onProbed && { onProbed }),
    quantized: (layer, bits) => correct(withEncodedWeights(graph, encodeLayer(searched, layer, bits))),
  });
  return {
    quantizer: searched,
    correct,
    errors,
    finish: async (bits, limit, onLayer) =>
      calibrateWinner({
        graph,
        bits,
        quantizer,
        searched,
        limit,
        source: { ...source, images: await imagesOfWinner() },
        ...(onLayer && { onLayer }),
      }),
  };
}
