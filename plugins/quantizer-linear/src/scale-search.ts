const { abs, floor, max, min } = Math;

/** How the step size of a group is found. */
export type ScaleRule = 'max' | 'mse' | 'kl';

/**
 * Clipping threshold T >= 0 of a symmetric quantizer with levels -limit..limit (step T / limit).
 *
 * - `max`: the largest magnitude; nothing is clipped.
 * - `mse`: least squared error: a grid over fractions of the largest magnitude, then alternating least
 *   squares.
 * - `kl`: the histogram that loses the least information (see `klThreshold`).
 */
export function symmetricThreshold(values: Float32Array, limit: number, rule: ScaleRule): number {
  let largest = 0;
  for (let i = 0; i < values.length; i++) largest = max(largest, abs(values[i]!));
  if (largest === 0 || rule === 'max') return largest;
  return rule === 'kl' ? klThreshold(values, largest, limit) : mseThreshold(values, largest, limit);
}

/** Values looked at while the grid is searched: the least-squares steps that follow see all of them. */
const GRID_SAMPLE = 8192;
const GRID_STEPS = 16;

function mseThreshold(values: Float32Array, largest: number, limit: number): number {
  const stride = max(1, floor(values.length / GRID_SAMPLE));
  let best = largest / limit;
  let bestError = Infinity;
  for (let k = 0; k < GRID_STEPS; k++) {
    const step = (largest / limit) * (1 - k / (GRID_STEPS + 2));
    let error = 0;
    for (let i = 0; i < values.length; i += stride) {
      const q = min(limit, floor(abs(values[i]!) / step + 0.5));
      const rest = abs(values[i]!) - q * step;
      error += rest * rest;
    }
    if (error < bestError) [best, bestError] = [step, error];
  }
  for (let round = 0; round < 3; round++) best = leastSquaresStep(values, best, limit) ?? best;
  return best * limit;
}

/**
 * The step that fits best given the levels that `step` rounds to: sum(w q) / sum(q q). Undefined if all
 * levels are 0.
 */
function leastSquaresStep(values: Float32Array, step: number, limit: number): number | undefined {
  let product = 0;
  let square = 0;
  for (let i = 0; i < values.length; i++) {
    const size = abs(values[i]!);
    const q = min(limit, floor(size / step + 0.5));
    product += size * q;
    square += q * q;
  }
  return square > 0 ? product / square : undefined;
}

const BINS = 1024;

/**
 * Threshold by Kullback-Leibler divergence (Migacz, "8-bit Inference with TensorRT", GTC 2017): a histogram
 * of magnitudes is cut at each candidate threshold, the tail is added to its last bin, and the rest is merged
 * into `limit + 1` levels; the cut whose levels, spread over the bins that are not empty, diverge least from
 * the histogram wins. Exact zeros are left out: they are exact at any threshold.
 */
function klThreshold(values: Float32Array, largest: number, limit: number): number {
  const levels = limit + 1;
  const histogram = new Float64Array(BINS);
  let total = 0;
  for (let i = 0; i < values.length; i++) {
    if (values[i] === 0) continue;
    histogram[min(BINS - 1, floor((abs(values[i]!) / largest) * BINS))]! += 1;
    total++;
  }
  let inside = 0;
  let best = BINS;
  let least = Infinity;
  const first = max(levels, BINS / 8);
  for (let bin = 0; bin < first; bin++) inside += histogram[bin]!;
  for (let cut = first; cut <= BINS; cut += 8) {
    const divergence = cutDivergence(histogram, cut, levels, total - inside);
    if (divergence < least) [best, least] = [cut, divergence];
    for (let bin = cut; bin < cut + 8 && bin < BINS; bin++) inside += histogram[bin]!;
  }
  return (best / BINS) * largest;
}

/**
 * Divergence of the histogram cut at bin `cut` (`tail` counts beyond it) from its version with `levels`
 * levels.
 */
function cutDivergence(histogram: Float64Array, cut: number, levels: number, tail: number): number {
  let total = tail;
  for (let bin = 0; bin < cut; bin++) total += histogram[bin]!;
  let divergence = 0;
  for (let level = 0; level < levels; level++) {
    const from = floor((level * cut) / levels);
    const to = floor(((level + 1) * cut) / levels);
    let mass = 0;
    let filled = 0;
    for (let bin = from; bin < to; bin++) {
      mass += histogram[bin]!;
      if (histogram[bin]! > 0 || (bin === cut - 1 && tail > 0)) filled++;
    }
    for (let bin = from; bin < to; bin++) {
      const p = histogram[bin]! + (bin === cut - 1 ? tail : 0);
      // Clipped mass that no level stands for is as bad as one count can be.
      if (p > 0) divergence += (p / total) * Math.log(p / max(mass / filled, 1e-6));
    }
  }
  // The levels' histogram is normalised by the mass inside the cut.
  return divergence + Math.log((total - tail || 1) / total);
}
