import * as tf from '@tensorflow/tfjs-core';
import { firstNotFinite, TersorError, type TrainingBatch, type TrainingObjective } from '@tersor/core';
import type { NetworkOutput } from '../graph/network-output.js';

/** The kind of scores that a network outputs. */
export type ScoreKind = Pick<NetworkOutput, 'link' | 'isApplied'>;

/** Probabilities are kept this far from 0 and 1 before taking logarithms: the epsilon of Keras. */
const LEAST_PROBABILITY = 1e-7;

/**
 * The loss that `TrainingObjective` describes (distillation: Hinton, Vinyals and Dean 2015, section 2). With
 * a softmax: the cross entropy of the classes. With a sigmoid for each class: the mean binary cross entropy
 * over the classes, as in Keras; label smoothing then moves labels towards 0.5.
 * @param scores outputs of the network, `count * classes` values in any shape
 * @param kind the kind of scores, from `networkOutput`
 */
export function trainingLoss(
  scores: tf.Tensor,
  batch: TrainingBatch,
  objective: TrainingObjective,
  kind: ScoreKind = { link: 'softmax', isApplied: false },
): tf.Scalar {
  const count = batch.labels.length;
  const classes = scores.size / count;
  const logits = logitsOf(tf.reshape(scores, [count, classes]), kind);
  const loss = kind.link === 'softmax' ? softmaxLoss : sigmoidLoss;
  // oneHot returns integers: fractional on and off values would become 0 on wasm.
  const oneHot = tf.cast(tf.oneHot(tf.tensor1d(batch.labels, 'int32'), classes), 'float32');
  const hard = loss.ofLabels(logits, oneHot, objective.labelSmoothing, classes);
  if (objective.distill === 0 || !batch.teacher) return hard as tf.Scalar;
  const { temperature } = objective;
  const teacher = tf.div(tf.tensor(batch.teacher, [count, classes]), temperature);
  const divergence = loss.ofTeacher(tf.div(logits, temperature), teacher);
  return tf.add(
    tf.mul(hard, 1 - objective.distill),
    tf.mul(divergence, objective.distill * temperature ** 2),
  ) as tf.Scalar;
}

interface LinkedLoss {
  ofLabels(logits: tf.Tensor, oneHot: tf.Tensor, smoothing: number, classes: number): tf.Tensor;
  /** KL divergence of the student from the teacher, both as logits. */
  ofTeacher(student: tf.Tensor, teacher: tf.Tensor): tf.Tensor;
}

const softmaxLoss: LinkedLoss = {
  ofLabels: (logits, oneHot, smoothing, classes) => {
    const hard = tf.add(tf.mul(oneHot, 1 - smoothing), smoothing / classes);
    return tf.neg(tf.mean(tf.sum(tf.mul(hard, tf.logSoftmax(logits)), -1)));
  },
  ofTeacher: (student, logits) => {
    const teacher = tf.softmax(logits);
    return tf.mean(
      tf.sum(tf.mul(teacher, tf.sub(tf.log(tf.add(teacher, 1e-12)), tf.logSoftmax(student))), -1),
    );
  },
};

const sigmoidLoss: LinkedLoss = {
  ofLabels: (logits, oneHot, smoothing) =>
    tf.mean(binaryCrossEntropy(logits, tf.add(tf.mul(oneHot, 1 - smoothing), smoothing / 2))),
  // The entropy of the teacher does not depend on the student; it makes the divergence of equal outputs 0.
  ofTeacher: (student, logits) => {
    const teacher = tf.sigmoid(logits);
    return tf.mean(tf.sub(binaryCrossEntropy(student, teacher), binaryCrossEntropy(logits, teacher)));
  },
};

/** `-t log s(x) - (1 - t) log (1 - s(x)) = softplus(x) - t x`, without overflow. */
function binaryCrossEntropy(logits: tf.Tensor, target: tf.Tensor): tf.Tensor {
  return tf.sub(tf.softplus(logits), tf.mul(target, logits));
}

function logitsOf(scores: tf.Tensor, { link, isApplied }: ScoreKind): tf.Tensor {
  if (!isApplied) return scores;
  const probabilities = tf.clipByValue(scores, LEAST_PROBABILITY, 1 - LEAST_PROBABILITY);
  return link === 'softmax'
    ? tf.log(probabilities)
    : tf.sub(tf.log(probabilities), tf.log(tf.sub(1, probabilities)));
}

/**
 * Converts a teacher's outputs to logits for `TrainingBatch.teacher`. Returns the array itself if it holds
 * logits already.
 */
export function teacherLogits(scores: Float32Array, { link, isApplied }: ScoreKind): Float32Array {
  if (!isApplied) return scores;
  return scores.map((score) => {
    const probability = Math.min(1 - LEAST_PROBABILITY, Math.max(LEAST_PROBABILITY, score));
    return Math.log(probability) - (link === 'softmax' ? 0 : Math.log(1 - probability));
  });
}

/**
 * Share of rows whose largest score is at the label; works for logits, probabilities and sigmoids alike.
 * `scores` has `labels.length * classes` values. Throws `OUTPUTS_NOT_FINITE` if a score is NaN or infinite.
 */
export function accuracyOf(scores: ArrayLike<number>, labels: Int32Array): number {
  return labels.length === 0
    ? 0
    : rightAnswers(scores, labels).reduce((sum, right) => sum + right, 0) / labels.length;
}

/** For every row, 1 if its largest score is at the label, else 0. Otherwise like `accuracyOf`. */
export function rightAnswers(scores: ArrayLike<number>, labels: Int32Array): Uint8Array {
  const classes = scores.length / labels.length;
  const wrong = firstNotFinite(scores);
  if (wrong !== undefined) {
    throw new TersorError(
      'OUTPUTS_NOT_FINITE',
      `Output ${wrong % classes} of image ${Math.floor(wrong / classes)} is ${scores[wrong]}.`,
      { hint: NOT_FINITE_HINT },
    );
  }
  return Uint8Array.from(labels, (label, row) => {
    let best = 0;
    for (let k = 1; k < classes; k++)
      if (scores[row * classes + k]! > scores[row * classes + best]!) best = k;
    return best === label ? 1 : 0;
  });
}

/** Hint for outputs that are not finite. */
export const NOT_FINITE_HINT =
  'Its weights or inputs are too large, or a batch norm has a negative variance. ' +
  'Check the layers before it, or use an earlier checkpoint of the model.';
