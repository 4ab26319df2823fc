import * as tf from '@tensorflow/tfjs-core';
import type { NormalizedBatch } from '@tersor/network';
import type { OperationAttribute, TensorflowKernelBackend } from '../tensorflow-binding.js';

/**
 * Batch normalisation in training mode over the last axis by TensorFlow's fused operations, one forward and
 * one backward: as a composition of small operations it reads and writes the activations some fifteen times.
 * Mean and variance are the batch's own, the variance biased.
 */
export function nativeBatchNorm(
  backend: TensorflowKernelBackend,
  x: tf.Tensor,
  gamma: tf.Tensor,
  beta: tf.Tensor,
  epsilon: number,
): NormalizedBatch {
  const channels = x.shape.at(-1)!;
  const count = x.size / channels;
  const attributes = attributesOf(backend, epsilon);
  // FusedBatchNorm wants four dimensions; the statistics are over all but the last.
  const image = (tensor: tf.Tensor) =>
    tensor.rank === 4 ? tensor : tf.reshape(tensor, [count, 1, 1, channels]);
  const empty = tf.tensor1d([]);
  let statistics: tf.Tensor[] = [];
  const normalize = tf.customGrad((...args) => {
    const [input, scale, offset] = args as [tf.Tensor, tf.Tensor, tf.Tensor];
    const save = args[3] as unknown as tf.GradSaveFunc;
    const [value, mean, variance, ...reserved] = backend.executeMultipleOutputs(
      'FusedBatchNormV3',
      [...attributes, { name: 'exponential_avg_factor', type: backend.binding.TF_ATTR_FLOAT, value: 1 }],
      [image(input), scale, offset, empty, empty],
      6,
    ) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
    // A custom gradient frees all but its value and what it saves.
    statistics = [tf.keep(mean), tf.keep(variance)];
    save([input, scale, ...reserved]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [xs, scales, ...reserves] = saved as [tf.Tensor, tf.Tensor, ...tf.Tensor[]];
      const [dx, dgamma, dbeta] = backend.executeMultipleOutputs(
        'FusedBatchNormGradV3',
        attributes,
        [image(dy), image(xs), scales, ...reserves],
        5,
      ) as [tf.Tensor, tf.Tensor, tf.Tensor];
      return [tf.reshape(dx, xs.shape), dgamma, dbeta];
    };
    return { value: tf.reshape(value, input.shape), gradFunc };
  });
  const output = normalize(x, gamma, beta);
  const [keptMean, keptVariance] = statistics as [tf.Tensor1D, tf.Tensor1D];
  const mean: tf.Tensor1D = tf.clone(keptMean);
  // TensorFlow gives the variance divided by n - 1.
  const variance: tf.Tensor1D = tf.mul(keptVariance, count > 1 ? (count - 1) / count : 1);
  tf.dispose(statistics);
  return { output, mean, variance };
}

function attributesOf({ binding }: TensorflowKernelBackend, epsilon: number): OperationAttribute[] {
  return [
    { name: 'T', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT },
    { name: 'U', type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT },
    { name: 'epsilon', type: binding.TF_ATTR_FLOAT, value: epsilon },
    { name: 'data_format', type: binding.TF_ATTR_STRING, value: 'NHWC' },
    { name: 'is_training', type: binding.TF_ATTR_BOOL, value: true },
  ];
}
