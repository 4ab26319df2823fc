import * as tf from '@tensorflow/tfjs-core';
import type { TrainingBatch, TrainingObjective } from '@tersor/core';

/** The loss that `TrainingObjective` describes (distillation: Hinton, Vinyals and Dean 2015, section 2). */
export function trainingLoss(logits: tf.Tensor, batch: TrainingBatch, objective: TrainingObjective): tf.Scalar {
  const classes = logits.shape.at(-1)!;
  // oneHot gives integers: fractions as its on and off values would become 0 on wasm.
  const oneHot = tf.cast(tf.oneHot(tf.tensor1d(batch.labels, 'int32'), classes), 'float32');
  const hard = tf.add(tf.mul(oneHot, 1 - objective.labelSmoothing), objective.labelSmoothing / classes);
  const crossEntropy = tf.neg(tf.mean(tf.sum(tf.mul(hard, tf.logSoftmax(logits)), -1)));
  if (objective.distill === 0 || !batch.teacher) return crossEntropy as tf.Scalar;
  const { temperature } = objective;
  const teacher = tf.softmax(tf.div(tf.tensor(batch.teacher, [batch.labels.length, classes]), temperature));
  const student = tf.logSoftmax(tf.div(logits, temperature));
  const divergence = tf.mean(tf.sum(tf.mul(teacher, tf.sub(tf.log(tf.add(teacher, 1e-12)), student)), -1));
  return tf.add(tf.mul(crossEntropy, 1 - objective.distill), tf.mul(divergence, objective.distill * temperature ** 2)) as tf.Scalar;
}

/** Share of rows whose largest value stands at the label. `scores` is `labels.length * classes`. */
export function accuracyOf(scores: ArrayLike<number>, labels: Int32Array): number {
  return labels.length === 0 ? 0 : rightAnswers(scores, labels).reduce((sum, right) => sum + right, 0) / labels.length;
}

/** For every row 1 where its largest value stands at the label, else 0. `scores` is `labels.length * classes`. */
export function rightAnswers(scores: ArrayLike<number>, labels: Int32Array): Uint8Array {
  const classes = scores.length / labels.length;
  return Uint8Array.from(labels, (label, row) => {
    let best = 0;
    for (let k = 1; k < classes; k++) if (scores[row * classes + k]! > scores[row * classes + best]!) best = k;
    return best === label ? 1 : 0;
  });
}
