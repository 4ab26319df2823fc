import type { GraphLayer } from './layer-graph.js';
import type { BudgetQuestion, Heuristics } from './question.js';

/**
 * A weight array as small integers, ready to be packed. Every quantizer must give one of the two codecs of
 * the packed format, so that a reader needs no plugin: `linear` is `(code - zero[g]) * scale[g]`, `codebook`
 * is `codebook[g][code]`; in both, `g` is the index along `axis` (0 when `axis` is -1: one group for the
 * whole array).
 */
export type EncodedTensor = LinearTensor | CodebookTensor;

interface EncodedBase {
  readonly shape: readonly number[];
  /** Bits of a code: 1 to 8. */
  readonly bits: number;
  /** Axis with one group of parameters per index, or -1. */
  readonly axis: number;
  /** One code per weight in row-major order, each below `2 ** bits`. */
  readonly codes: Uint8Array;
}

export interface LinearTensor extends EncodedBase {
  readonly codec: 'linear';
  /** Step size of each group, float32. */
  readonly scale: Float32Array;
  /** Code of zero in each group; not always an integer (1 bit has 0.5: sign and scale). */
  readonly zero: Float32Array;
}

export interface CodebookTensor extends EncodedBase {
  readonly codec: 'codebook';
  /**
   * Values of each group one after the other, `groups * 2 ** bits` of them, float32. Exact zeros have a code
   * of their own.
   */
  readonly codebook: Float32Array;
}

/** A weight array as the quantizer sees it. */
export interface QuantizerInput {
  /** `layer/weight`, stable. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
  /** Axis of the output channels. */
  readonly channelAxis: number;
}

/** How many bits should each layer have? Answered by a whole number within `bits` for each layer. */
export interface BitQuestion extends BudgetQuestion {
  /** Those that get bits, with the weights that are quantized, in the order of the answer. */
  readonly layers: readonly GraphLayer[];
  /** Fewest and most bits of a layer. */
  readonly bits: readonly [minimum: number, maximum: number];
  /** Bytes in the packed file of a layer (by its place in `layers`) at so many bits. */
  bytes(layer: number, bits: number): number;
  /** Squared error of the layer's kernels at so many bits, relative to their energy. */
  error(layer: number, bits: number): number;
}

/** What a layer of a question (by its place) loses at so many bits; the sum is to be kept small. */
export type BitErrors = (question: BitQuestion) => Promise<(layer: number, bits: number) => number>;

/**
 * Second moments of what a weight array is multiplied with, on calibration images. The array is one matrix of
 * inputs x outputs (a depthwise kernel: one for each channel; a kernel with too many inputs: one for each of
 * its positions); weight (input i, output o) of matrix p lies at `p * matrixStride + i * inputStride + o`.
 */
export interface KernelMoments {
  readonly matrices: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly matrixStride: number;
  readonly inputStride: number;
  /**
   * E[x x'], inputs x inputs, float64; of each matrix, or a single one that they all share. x is what the
   * layer reads in the network whose earlier layers are quantized. About the mean where the layer's offset
   * makes up for a shift of its outputs' means, else about zero.
   */
  readonly products: readonly Float64Array[];
  /**
   * E[x y'], likewise: y is what the layer reads in the original network at the same positions. Absent where
   * the two are the same, as they are while a search collects codes.
   */
  readonly cross?: readonly Float64Array[];
}

/** What a quantizer wants to know of the inputs of the layers. */
export interface Calibration {
  /** Training images, without their labels. */
  readonly images: number;
  /** Output positions of each image and layer. */
  readonly points: number;
  /** The most inputs of a matrix; a layer with more is looked at position by position, or not at all. */
  readonly maximumInputs: number;
  /**
   * How the errors of the layers' outputs are weighed, by the heuristic `reconstruction` and the environment
   * `residual`; equal where it is left out.
   */
  readonly weights?: 'equal' | 'probed';
  /** Training images that `weights: probed` measures the outputs of the network on; 50 where left out. */
  readonly probeImages?: number;
}

/** Turns weights into small integers. Deterministic. */
export interface Quantizer {
  readonly id: string;
  /** Bit widths that it can give, both inclusive, within 1..8. */
  readonly bits: readonly [minimum: number, maximum: number];
  /** Encodes a weight array. `decode` of core gives the exact values back. Throws `WEIGHTS_NOT_FINITE`. */
  encode(input: QuantizerInput, bits: number): EncodedTensor;
  /**
   * Set where the quantizer is to know the inputs of the layers: the framework then runs calibration images,
   * calls `encodeCalibrated` with their moments (`encode` for arrays that it has none of), and corrects the
   * means of the layers' outputs in their biases or batch norms.
   */
  readonly calibration?: Calibration | undefined;
  /**
   * Encodes a weight array so that the outputs of its layer stay close to those of the original: on these
   * inputs never farther from them than with `encode`. Exact zeros stay. Does not change the moments. Needed
   * where `calibration` is set. Throws `WEIGHTS_NOT_FINITE`.
   */
  encodeCalibrated?(input: QuantizerInput, bits: number, moments: KernelMoments): EncodedTensor;
  /**
   * One step of quantization-aware training: encodes the master weights again, starting from the last
   * encoding (scales or code book kept where that is cheaper and more stable). Optional; `encode` is used
   * where it is missing.
   */
  refine?(input: QuantizerInput, previous: EncodedTensor): EncodedTensor;
  /**
   * Ways to spread a budget over the layers that this quantizer knows, by the name that a config calls them
   * (`search.warmStart`, the agent `heuristic`). The environment offers them beside its own `uniform` and
   * `magnitude`, whose names are taken.
   */
  readonly heuristics?: Heuristics<BitQuestion>;
}
