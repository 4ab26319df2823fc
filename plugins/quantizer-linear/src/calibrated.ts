import type { KernelMoments, LinearTensor, QuantizerInput } from '@tersor/core';
import {
  bestFactors,
  betterCodes,
  codeProblem,
  columnGroups,
  compensatedCodes,
  descend,
  type CodeProblem,
  type Codes,
  type Levels,
} from '@tersor/network';
import { storedScale } from './stored-scale.js';

const { abs, floor, max, min, round } = Math;

/** Rounds of coordinate descent on the codes, each followed by a refit of the scales. */
const ROUNDS = 3;
const GRID_STEPS = 24;
/** Values of a group looked at while the grid is searched; the refits that follow see all of them. */
const GRID_SAMPLE = 8192;

interface Grid extends Levels {
  readonly scale: Float32Array;
  readonly zero: Float32Array;
}

/**
 * Codes that keep the outputs of a layer close, on the inputs that the moments are of: scales by a grid whose
 * errors are weighted with the mean squares of the inputs, error compensation, then coordinate descent and
 * refits of the scales in turn. A group (output channel) whose outputs would be no closer than those of
 * `nearest` gets the codes that it has there.
 */
export function calibratedTensor(
  { data, shape }: QuantizerInput,
  nearest: LinearTensor,
  moments: KernelMoments,
  scheme: 'symmetric' | 'asymmetric',
): LinearTensor {
  const problem = codeProblem(data, moments);
  if (!problem) return nearest;
  const { bits, axis } = nearest;
  const top = bits === 1 || scheme === 'asymmetric' ? 2 ** bits - 1 : 2 ** bits - 2;
  const groups = columnGroups(problem, shape, axis);
  const grid = gridOf(nearest.scale.slice(), nearest.zero.slice(), groups, top);
  groupValues(problem, groups, grid.scale.length).forEach((values, group) => {
    const [scale, zero] = searchScale(values, bits, top, scheme);
    if (scale > 0) [grid.scale[group], grid.zero[group]] = [scale, zero];
  });
  const found = compensatedCodes(problem, grid);
  for (let i = 0; i < ROUNDS; i++) {
    const changes = descend(problem, grid, found);
    if (!rescale(problem, grid, found) && changes === 0) break;
  }
  descend(problem, grid, found);
  return betterOf(problem, nearest, grid, found);
}

function gridOf(scale: Float32Array, zero: Float32Array, groups: Uint32Array, top: number): Grid {
  return {
    scale,
    zero,
    groups,
    nearest: (group, value) => {
      const step = scale[group]!;
      if (!(step > 0)) return max(0, min(top, floor(zero[group]! + 0.5)));
      const code = floor(value / step + zero[group]! + 0.5);
      return code < 0 ? 0 : code > top ? top : code;
    },
    valueOf: (group, code) => (code - zero[group]!) * scale[group]!,
    zeroOf: (group) => (Number.isInteger(zero[group]) ? zero[group] : undefined),
  };
}

/** The targets of the weights of each group, and how much the error of each counts. */
interface GroupValues {
  readonly targets: number[];
  readonly importance: number[];
}

function groupValues(
  { columns, inputs: n, weights, target, matrices, moments }: CodeProblem,
  groups: Uint32Array,
  count: number,
): GroupValues[] {
  const stride = max(1, floor((columns * n) / count / GRID_SAMPLE));
  const values = Array.from({ length: count }, (): GroupValues => ({ targets: [], importance: [] }));
  const extremes = values.map(() => ({ least: 0, most: 0, at: [-1, -1] }));
  const add = (at: number) => {
    const column = floor(at / n);
    const { loaded } = matrices[floor(column / moments.outputs)]!;
    const { targets, importance } = values[groups[column]!]!;
    targets.push(target[at]!);
    importance.push(loaded[(at % n) * (n + 1)]!);
  };
  for (let at = 0; at < target.length; at++) {
    // Pruned weights stay 0, whatever their target.
    if (weights[at] === 0) continue;
    const extreme = extremes[groups[floor(at / n)]!]!;
    if (target[at]! < extreme.least) [extreme.least, extreme.at[0]] = [target[at]!, at];
    if (target[at]! > extreme.most) [extreme.most, extreme.at[1]] = [target[at]!, at];
    if (at % stride === 0) add(at);
  }
  // Whatever the sample left out, the range is known.
  if (stride > 1) for (const { at } of extremes) at.filter((place) => place >= 0).forEach(add);
  return values;
}

/**
 * Step and code of zero of a group: the step of the whole range, or a smaller one with less weighted error.
 */
function searchScale(
  { targets, importance }: GroupValues,
  bits: number,
  top: number,
  scheme: 'symmetric' | 'asymmetric',
): [scale: number, zero: number] {
  let [least, most, sum, mass] = [0, 0, 0, 0];
  targets.forEach((value, i) => {
    least = min(least, value);
    most = max(most, value);
    sum += importance[i]! * abs(value);
    mass += importance[i]!;
  });
  if (bits === 1) return [mass > 0 ? storedScale((2 * sum) / mass) : 0, 0.5];
  const reach = max(-least, most);
  const whole = scheme === 'asymmetric' ? (most - least) / top : (2 * reach) / top;
  if (!(whole > 0)) return [0, 0];
  const zero = scheme === 'asymmetric' ? min(top, max(0, round(-least / whole))) : top / 2;
  let best = whole;
  let bestError = Infinity;
  for (let k = 0; k < GRID_STEPS; k++) {
    const step = whole * (1 - k / (GRID_STEPS + 2));
    let error = 0;
    for (let i = 0; i < targets.length; i++) {
      const code = max(0, min(top, floor(targets[i]! / step + zero + 0.5)));
      const rest = targets[i]! - (code - zero) * step;
      error += importance[i]! * rest * rest;
    }
    if (error < bestError) [best, bestError] = [step, error];
  }
  return [storedScale(best), zero];
}

/** Moves each scale to the least-squares fit of its codes; whether one moved. */
function rescale(problem: CodeProblem, grid: Grid, found: Codes): boolean {
  const ratios = bestFactors(problem, grid, found).map((factor, group) => {
    const before = grid.scale[group]!;
    const after = storedScale(before * factor);
    if (!(after > 0) || !Number.isFinite(after)) return 1;
    grid.scale[group] = after;
    return after / before;
  });
  if (ratios.every((ratio) => ratio === 1)) return false;
  for (let at = 0; at < found.values.length; at++) {
    const ratio = ratios[grid.groups[floor(at / problem.inputs)]!]!;
    found.values[at]! *= ratio;
    found.products[at]! *= ratio;
  }
  return true;
}

/** Of each group the codes that leave less error in the outputs; those of `nearest` where they are level. */
function betterOf(problem: CodeProblem, nearest: LinearTensor, grid: Grid, found: Codes): LinearTensor {
  const { scale, zero, axis, shape, bits } = nearest;
  const plain = gridOf(scale, zero, grid.groups, 2 ** bits - 1);
  const { isBetter, codes } = betterCodes(
    problem,
    { codes: found, levels: grid },
    { codes: nearest.codes, levels: plain },
  );
  return {
    codec: 'linear',
    shape,
    bits,
    axis,
    codes,
    scale: scale.map((value, group) => (isBetter[group] ? grid.scale[group]! : value)),
    zero: zero.map((value, group) => (isBetter[group] ? grid.zero[group]! : value)),
  };
}
