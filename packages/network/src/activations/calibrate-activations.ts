import {
  TersorError,
  createRandom,
  type ActivationRange,
  type ActivationRanges,
  type Backend,
  type Dataset,
  type LayerGraph,
  type QuantizeConfig,
  type Random,
} from '@tersor/core';
import { imagesAtOnce } from '../observation/images-at-once.js';
import { activationRange } from './activation-range.js';

/** Most images that run at once; fewer if memory is short. */
const BATCH = 32;
/** Number of values of a layer's input that `percentile` and `mse` use, sampled evenly from all images. */
const SAMPLE = 2 ** 16;

export interface CalibrationInput {
  readonly graph: LayerGraph;
  /** Layers whose inputs are observed. */
  readonly layers: readonly string[];
  readonly dataset: Dataset;
  /** Backend that runs the images. */
  readonly backend: Pick<Backend, 'observe'>;
  readonly seed: number;
  readonly options: Pick<
    NonNullable<QuantizeConfig['activations']>,
    'bits' | 'calibrate' | 'percentile' | 'images'
  >;
}

/** Statistics of one layer's input: its extremes, and a sample of its values. */
interface Seen {
  extremes: ActivationRange;
  readonly sample: Float32Array;
  count: number;
}

/**
 * Finds the range of each layer's input for every bit width (only `mse` depends on it) by running training
 * images through the network once. The seed chooses the images and the sampled values. Throws
 * `DATASET_INVALID` if there are no training images.
 */
export async function calibrateActivations({
  graph,
  layers,
  dataset,
  backend,
  seed,
  options,
}: CalibrationInput): Promise<ActivationRanges> {
  const random = createRandom(seed, 'activations');
  const chosen = random.permutation(dataset.size('train')).slice(0, options.images);
  if (chosen.length === 0) {
    throw new TersorError('DATASET_INVALID', `Data set "${dataset.id}" has no training images.`, {
      hint: 'quantize.activations needs training images for calibration.',
    });
  }
  const seen = new Map(
    layers.map((layer): [string, Seen] => [
      layer,
      { extremes: { least: 0, most: 0 }, sample: new Float32Array(SAMPLE), count: 0 },
    ]),
  );
  const readers = graph.calls.filter(({ layer }) => seen.has(layer));
  const calls = [...new Set(readers.flatMap(({ inputs }) => inputs))];
  const atOnce = imagesAtOnce(graph, calls, BATCH);
  const batches = Math.ceil(chosen.length / atOnce);
  // A shared layer is called more than once, and a layer may have several inputs.
  const readings = Math.max(
    ...layers.map((name) =>
      readers.reduce((sum, { layer, inputs }) => sum + (layer === name ? inputs.length : 0), 0),
    ),
  );
  const share = Math.max(1, Math.floor(SAMPLE / batches / readings));
  const session = await backend.observe(graph, calls);
  try {
    for (let start = 0; start < chosen.length; start += atOnce) {
      const { images } = await dataset.read('train', chosen.slice(start, start + atOnce));
      const values = await session.run(images);
      for (const { layer, inputs } of readers)
        for (const input of inputs) addToSeen(seen.get(layer)!, values[calls.indexOf(input)]!, share, random);
    }
  } finally {
    session.dispose();
  }
  return Object.fromEntries([...seen].map(([layer, found]) => [layer, rangesByBits(found, options)]));
}

function addToSeen(seen: Seen, values: Float32Array, share: number, random: Random): void {
  const { least, most } = activationRange(values, { rule: 'max' });
  seen.extremes = { least: Math.min(seen.extremes.least, least), most: Math.max(seen.extremes.most, most) };
  const isAll = values.length <= share;
  const count = isAll ? values.length : share;
  for (let i = 0; i < count; i++)
    seen.sample[seen.count++] = values[isAll ? i : random.integer(values.length)]!;
}

function rangesByBits(
  { extremes, sample, count }: Seen,
  { bits: [smallest, largest], calibrate, percentile }: CalibrationInput['options'],
): Record<number, ActivationRange> {
  const values = sample.subarray(0, count);
  const rangeAt = (bits: number): ActivationRange => {
    if (calibrate === 'max') return extremes;
    return activationRange(
      values,
      calibrate === 'mse' ? { rule: 'mse', bits } : { rule: 'percentile', share: percentile / 100 },
    );
  };
  const allBits = Array.from({ length: largest - smallest + 1 }, (_, i) => smallest + i);
  return Object.fromEntries(allBits.map((bits) => [bits, rangeAt(bits)]));
}
