import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { TrainingObjective } from '@tersor/core';
import { accuracyOf, teacherLogits, trainingLoss, type ScoreKind } from './loss.js';

const plain: TrainingObjective = { labelSmoothing: 0, distill: 0, temperature: 2 };
const labels = Int32Array.of(0, 2);
const batch = { images: new Float32Array(), labels, seed: 1 };
const logits = [
  [2, -1, 0.5],
  [0, 1, -2],
];
const value = (loss: tf.Scalar) => loss.dataSync()[0]!;
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

describe('trainingLoss', () => {
  beforeAll(() => tf.setBackend('cpu'));

  it('is the same for 1x1xC outputs as for C', () => {
    const flat = value(trainingLoss(tf.tensor(logits), batch, plain));
    expect(flat).toBeCloseTo(
      (-Math.log(Math.exp(2) / (Math.exp(2) + Math.exp(-1) + Math.exp(0.5))) -
        Math.log(Math.exp(-2) / (1 + Math.exp(1) + Math.exp(-2)))) /
        2,
      5,
    );
    expect(value(trainingLoss(tf.tensor([[[logits[0]!]], [[logits[1]!]]]), batch, plain))).toBe(flat);
  });

  it('is the mean binary cross entropy for sigmoids, with labels smoothed towards a half', () => {
    const kind: ScoreKind = { link: 'sigmoid', isApplied: false };
    const expected = (smoothing: number) =>
      logits
        .flatMap((row, i) =>
          row.map((x, k) => {
            const target = (k === labels[i] ? 1 : 0) * (1 - smoothing) + smoothing / 2;
            return -(target * Math.log(sigmoid(x)) + (1 - target) * Math.log(1 - sigmoid(x)));
          }),
        )
        .reduce((sum, each) => sum + each / 6, 0);
    expect(value(trainingLoss(tf.tensor(logits), batch, plain, kind))).toBeCloseTo(expected(0), 5);
    expect(
      value(trainingLoss(tf.tensor(logits), batch, { ...plain, labelSmoothing: 0.2 }, kind)),
    ).toBeCloseTo(expected(0.2), 5);
    const applied = tf.sigmoid(tf.tensor(logits));
    expect(value(trainingLoss(applied, batch, plain, { ...kind, isApplied: true }))).toBeCloseTo(
      expected(0),
      4,
    );
    expect(
      value(
        trainingLoss(
          tf.tensor([
            [1000, -1000, -1000],
            [-1000, -1000, 1000],
          ]),
          batch,
          plain,
          kind,
        ),
      ),
    ).toBe(0);
  });

  it('of probabilities is that of the logits behind them, and stays finite at 0', () => {
    const kind: ScoreKind = { link: 'softmax', isApplied: true };
    expect(value(trainingLoss(tf.softmax(tf.tensor(logits)), batch, plain, kind))).toBeCloseTo(
      value(trainingLoss(tf.tensor(logits), batch, plain)),
      5,
    );
    expect(
      value(
        trainingLoss(
          tf.tensor([
            [0, 1, 0],
            [0, 1, 0],
          ]),
          batch,
          plain,
          kind,
        ),
      ),
    ).toBeCloseTo(-Math.log(1e-7), 1);
  });

  it.each<[string, ScoreKind['link'], (x: number[]) => number[]]>([
    [
      'softmax',
      'softmax',
      (x) => x.map((each) => Math.exp(each / 2) / x.reduce((sum, other) => sum + Math.exp(other / 2), 0)),
    ],
    ['sigmoid', 'sigmoid', (x) => x.map((each) => sigmoid(each / 2))],
  ])('distils by the divergence from the teacher: %s', (_, link, soften) => {
    const teacher = [
      [1, 0, -1],
      [0.5, 2, 0],
    ];
    const loss = value(
      trainingLoss(
        tf.tensor(logits),
        { ...batch, teacher: Float32Array.from(teacher.flat()) },
        { ...plain, distill: 1 },
        { link, isApplied: false },
      ),
    );
    const divergence = teacher.map((row, i) => {
      const [p, q] = [soften(row), soften(logits[i]!)];
      const of = (a: number, b: number) => a * Math.log(a / b);
      return (
        p.reduce(
          (sum, each, k) => sum + of(each, q[k]!) + (link === 'sigmoid' ? of(1 - each, 1 - q[k]!) : 0),
          0,
        ) / (link === 'sigmoid' ? 3 : 1)
      );
    });
    expect(loss).toBeCloseTo((4 * (divergence[0]! + divergence[1]!)) / 2, 5);
  });
});

describe('teacherLogits', () => {
  it('undoes a link that a teacher applies within', () => {
    const probabilities = Float32Array.of(0.2, 0.3, 0.5);
    expect(teacherLogits(probabilities, { link: 'softmax', isApplied: false })).toBe(probabilities);
    teacherLogits(probabilities, { link: 'softmax', isApplied: true }).forEach((each, k) =>
      expect(each).toBeCloseTo(Math.log(probabilities[k]!), 5),
    );
    teacherLogits(probabilities, { link: 'sigmoid', isApplied: true }).forEach((each, k) =>
      expect(sigmoid(each)).toBeCloseTo(probabilities[k]!, 5),
    );
  });
});

describe('accuracyOf', () => {
  it('is the share of rows whose largest score is the label', () => {
    expect(accuracyOf([0.1, 0.9, 0.8, 0.2, 0.3, 0.7], Int32Array.of(1, 0, 0))).toBeCloseTo(2 / 3);
    expect(accuracyOf([], new Int32Array())).toBe(0);
  });

  it.each([NaN, Infinity, -Infinity])('refuses %s, which would pass for the first class', (score) => {
    expect(() => accuracyOf([0.1, 0.9, 0.2, score], Int32Array.of(1, 0))).toThrow(
      expect.objectContaining({ code: 'OUTPUTS_NOT_FINITE', message: `Output 1 of image 1 is ${score}.` }),
    );
  });
});
