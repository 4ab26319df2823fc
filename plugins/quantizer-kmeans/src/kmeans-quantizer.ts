import {
  createRandom,
  elementCount,
  requireFinite,
  type Calibration,
  type CodebookTensor,
  type EncodedTensor,
  type KernelMoments,
  type Quantizer,
  type QuantizerInput,
} from '@tersor/core';
import { calibratedTensor } from './calibrated.js';
import { cluster, sortValues } from './cluster.js';
import { bookOf, sortBook, storedValue } from './code-book.js';

/** What to do about weights that are not finite. */
const DIVERGED = 'They cannot be quantized. Training diverged: lower its learning rate.';

export interface KmeansQuantizerOptions {
  readonly granularity: 'tensor' | 'channel';
  readonly iterations: number;
  /** Set where codes are chosen by what they do to the layers' outputs. */
  readonly calibrate?: Calibration | undefined;
}

/**
 * Weight sharing by k-means (Han et al., Deep Compression, 2016, section 3; HAQ's quantizer). Exact zeros,
 * which pruning left, are kept out of the clustering and have a code of their own; the other 2^b - 1 codes
 * (all 2^b where there are no zeros) are the centroids, ascending, in half precision where that keeps them
 * apart. Deterministic by seed.
 */
export class KmeansQuantizer implements Quantizer {
  readonly id = 'kmeans';
  readonly bits = [1, 8] as const;

  readonly calibration: Calibration | undefined;

  constructor(
    private readonly options: KmeansQuantizerOptions,
    private readonly seed: number,
  ) {
    this.calibration = options.calibrate;
  }

  encode(input: QuantizerInput, bits: number): CodebookTensor {
    requireFinite(input.name, input.data, DIVERGED);
    const axis = this.options.granularity === 'channel' ? input.channelAxis : -1;
    const groups = axis < 0 ? 1 : input.shape[axis]!;
    const size = 2 ** bits;
    const codebook = new Float32Array(groups * size);
    const random = createRandom(this.seed, input.name);
    const members = groupMembers(input, axis, groups);
    members.forEach((values, group) => {
      const others = values.filter((value) => value !== 0);
      const hasZero = others.length < values.length;
      const centroids = cluster(
        sortValues(others),
        hasZero ? size - 1 : size,
        this.options.iterations,
        random,
      );
      codebook.set(bookOf(centroids, hasZero, size), group * size);
    });
    return {
      codec: 'codebook',
      shape: input.shape,
      bits,
      axis,
      codebook,
      codes: assign(input, axis, groups, codebook, bits),
    };
  }

  /** See `calibratedTensor`. */
  encodeCalibrated(input: QuantizerInput, bits: number, moments: KernelMoments): CodebookTensor {
    const random = createRandom(this.seed, `${input.name}/calibrated`);
    return calibratedTensor(input, this.encode(input, bits), moments, (sorted, count) =>
      cluster(sorted, count, this.options.iterations, random),
    );
  }

  /**
   * Assigns the codes again and moves every centroid to the mean of its members. With straight-through
   * training the members moved by their gradients, so their mean moved by the mean gradient (Deep
   * Compression, section 3.3). The entry that is exactly 0 stays.
   */
  refine(input: QuantizerInput, previous: EncodedTensor): CodebookTensor {
    if (previous.codec !== 'codebook') return this.encode(input, previous.bits);
    requireFinite(input.name, input.data, DIVERGED);
    const { bits, axis, shape } = previous;
    const groups = axis < 0 ? 1 : shape[axis]!;
    const codes = assign(input, axis, groups, previous.codebook, bits);
    const codebook = movedBook(input, previous, codes, groups);
    return { codec: 'codebook', shape, bits, axis, codebook, codes };
  }
}

/** Code book with every entry at the mean of the weights that have its code. */
function movedBook(
  { data }: QuantizerInput,
  { codebook, bits, axis, shape }: CodebookTensor,
  codes: Uint8Array,
  groups: number,
): Float32Array {
  const sums = new Float64Array(codebook.length);
  const counts = new Uint32Array(codebook.length);
  const inner = axis < 0 ? data.length : elementCount(shape.slice(axis + 1));
  for (
    let from = 0, group = 0;
    from < data.length;
    from += inner, group = group + 1 === groups ? 0 : group + 1
  ) {
    for (let i = from; i < from + inner; i++) {
      const entry = (group << bits) + codes[i]!;
      sums[entry]! += data[i]!;
      counts[entry]! += 1;
    }
  }
  return codebook.map((value, entry) => {
    if (value === 0 || counts[entry] === 0) return value;
    const mean = storedValue(sums[entry]! / counts[entry]!);
    // A centroid that became zero, or changed sides, would take the place of the zeros.
    return Math.sign(mean) === Math.sign(value) ? mean : value;
  });
}

/** The values of each group. */
function groupMembers({ data, shape }: QuantizerInput, axis: number, groups: number): Float32Array[] {
  if (axis < 0) return [data];
  const inner = elementCount(shape.slice(axis + 1));
  return Array.from({ length: groups }, (_, group) => {
    const values = new Float32Array(data.length / groups);
    let to = 0;
    for (let from = group * inner; from < data.length; from += groups * inner) {
      for (let i = 0; i < inner; i++) values[to++] = data[from + i]!;
    }
    return values;
  });
}

/**
 * Code of the nearest entry, found by the boundaries halfway between neighbours. Exact zeros get the entry 0
 * where there is one.
 */
function assign(
  { data, shape }: QuantizerInput,
  axis: number,
  groups: number,
  codebook: Float32Array,
  bits: number,
): Uint8Array {
  const size = 2 ** bits;
  const inner = axis < 0 ? data.length : elementCount(shape.slice(axis + 1));
  const order = new Uint8Array(codebook.length);
  const bounds = new Float64Array(codebook.length);
  for (let group = 0; group < groups; group++) sortBook(codebook, order, bounds, group * size, size);
  const codes = new Uint8Array(data.length);
  for (
    let from = 0, group = 0;
    from < data.length;
    from += inner, group = group + 1 === groups ? 0 : group + 1
  ) {
    const base = group * size;
    for (let i = from; i < from + inner; i++) {
      const value = data[i]!;
      let rank = 0;
      for (let half = size >> 1; half > 0; half >>= 1) if (value >= bounds[base + rank + half]!) rank += half;
      codes[i] = order[base + rank]!;
    }
  }
  return codes;
}
