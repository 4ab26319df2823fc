import { teacherLogits, type ScoreKind } from './loss.js';

/**
 * How far a network's outputs are from the original's: the KL divergence between their class probabilities,
 * in nats, averaged over the images (with a sigmoid for each class, over the classes too). It is 0 for equal
 * outputs and needs no labels. Both arguments have `count` rows of scores of the given kind
 * (`networkOutput`). NaN or infinite if scores are.
 */
export function outputDivergence(
  original: Float32Array,
  scores: Float32Array,
  count: number,
  kind: ScoreKind,
): number {
  const [teacher, student] = [teacherLogits(original, kind), teacherLogits(scores, kind)];
  if (kind.link === 'sigmoid') {
    let sum = 0;
    teacher.forEach((x, i) => (sum += sigmoid(x) * (x - student[i]!) + softplus(student[i]!) - softplus(x)));
    return sum / teacher.length;
  }
  const classes = teacher.length / count;
  let sum = 0;
  for (let row = 0; row < teacher.length; row += classes) {
    const p = teacher.subarray(row, row + classes);
    const q = student.subarray(row, row + classes);
    const [pNorm, qNorm] = [logSumExp(p), logSumExp(q)];
    for (let k = 0; k < classes; k++) {
      const log = p[k]! - pNorm;
      sum += Math.exp(log) * (log - (q[k]! - qNorm));
    }
  }
  return sum / count;
}

function logSumExp(values: Float32Array): number {
  let largest = -Infinity;
  for (const value of values) largest = Math.max(largest, value);
  let sum = 0;
  for (const value of values) sum += Math.exp(value - largest);
  return largest + Math.log(sum);
}

function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

function softplus(x: number): number {
  return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
}
