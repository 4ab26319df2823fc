// How fast the least-squares refit of a layer is, against the textbook solution of the same system, in turn
// in one run:
// node --conditions=tersor/source --import tsx bench/pruning/refit.ts Writes results/refit.json. The layer
// has 1152 inputs (3 x 3 x 128) and 128 outputs, and loses half of its inputs: the largest refit of the
// example.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRandom } from '@tersor/core';
import { prepareMoments, refit } from '../../plugins/pruner-channel/src/reconstruction/refit.js';

const SIZE = 1152;
const OUTPUTS = 128;
const ROUNDS = 7;

const random = createRandom(1);
const kernel = Float32Array.from({ length: SIZE * OUTPUTS }, () => random.normal());
const removed = Array.from({ length: SIZE / 2 }, (_, i) => 2 * i);
const kept = Array.from({ length: SIZE / 2 }, (_, i) => 2 * i + 1);

// Second moments of neighbouring inputs that resemble each other, as in a real layer: E[x_i x_j] = 0.9^|i -
// j|.
const products = Float64Array.from(
  { length: SIZE * SIZE },
  (_, at) => 0.9 ** Math.abs(Math.floor(at / SIZE) - (at % SIZE)),
);
const moments = prepareMoments(new Float64Array(SIZE), products, 1, false, 1e-3);

/** D = M_SS^-1 M_SR W_R by an unblocked Cholesky factorisation and substitution, output by output. */
function textbook(): Float64Array {
  const n = kept.length;
  const factor = kept.map((row) => kept.map((column) => moments.moments[row * SIZE + column]!));
  for (let i = 0; i < n; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = factor[i]![j]!;
      for (let k = 0; k < j; k++) sum -= factor[i]![k]! * factor[j]![k]!;
      factor[i]![j] = i === j ? Math.sqrt(sum) : sum / factor[j]![j]!;
    }
  }
  const delta = new Float64Array(n * OUTPUTS);
  for (let output = 0; output < OUTPUTS; output++) {
    const x = kept.map((row) =>
      removed.reduce(
        (sum, column) => sum + moments.moments[row * SIZE + column]! * kernel[column * OUTPUTS + output]!,
        0,
      ),
    );
    for (let i = 0; i < n; i++) {
      for (let k = 0; k < i; k++) x[i] = x[i]! - factor[i]![k]! * x[k]!;
      x[i] = x[i]! / factor[i]![i]!;
    }
    for (let i = n - 1; i >= 0; i--) {
      for (let k = i + 1; k < n; k++) x[i] = x[i]! - factor[k]![i]! * x[k]!;
      x[i] = x[i]! / factor[i]![i]!;
      delta[i * OUTPUTS + output] = x[i]!;
    }
  }
  return delta;
}

function milliseconds(run: () => Float64Array): { time: number; result: Float64Array } {
  const started = performance.now();
  const result = run();
  return { time: performance.now() - started, result };
}

const median = (values: number[]) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
const rounds = Array.from({ length: ROUNDS }, () => {
  const ours = milliseconds(() => refit(moments, kernel, OUTPUTS, removed).delta);
  const reference = milliseconds(textbook);
  const difference = ours.result.reduce(
    (worst, value, i) => Math.max(worst, Math.abs(value - reference.result[i]!)),
    0,
  );
  return { ours: ours.time, reference: reference.time, ratio: ours.time / reference.time, difference };
});
const result = {
  inputs: SIZE,
  outputs: OUTPUTS,
  removed: removed.length,
  node: process.version,
  medianRatio: median(rounds.map(({ ratio }) => ratio)),
  medianMilliseconds: median(rounds.map(({ ours }) => ours)),
  rounds,
};
const folder = join(__dirname, 'results');
mkdirSync(folder, { recursive: true });
writeFileSync(join(folder, 'refit.json'), `${JSON.stringify(result, undefined, 2)}\n`);
process.stdout.write(
  `refit / textbook: ${result.medianRatio.toFixed(3)} (${result.medianMilliseconds.toFixed(0)} ms)\n`,
);
