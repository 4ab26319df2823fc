import * as tf from '@tensorflow/tfjs-core';

const K1 = 0.63576;
const K2 = 1.8732;
const K3 = 1.48695;

/**
 * KL divergence between the posterior `w ~ N(theta, alpha theta^2)` of a weight and the scale-free prior, up
 * to a constant: 0 for a weight that is pure noise (alpha to infinity), and the larger, the more the weight
 * says. The approximation of Molchanov, Ashukha and Vetrov (ICML 2017), equation 14, within 0.009 of the
 * integral: `-(k1 sigmoid(k2 + k3 log alpha) - 0.5 log(1 + 1 / alpha) - k1)`.
 * @param logAlpha any shape; the result has the same
 */
export function gaussianKl(logAlpha: tf.Tensor): tf.Tensor {
  const bounded = tf.mul(K1, tf.sub(tf.sigmoid(tf.add(K2, tf.mul(K3, logAlpha))), 1));
  return tf.sub(tf.mul(0.5, tf.softplus(tf.neg(logAlpha))), bounded);
}

/** Bounds of the noise of information dropout: `alpha = LEAST_ALPHA + ALPHA_RANGE * sigmoid(...)`. */
export const LEAST_ALPHA = 0.001;
export const ALPHA_RANGE = 0.7;

/**
 * KL divergence of a unit `y = f(x) eps`, `eps ~ LogNormal(0, alpha^2)`, after a ReLU, up to a constant:
 * `-log(alpha / (LEAST_ALPHA + ALPHA_RANGE))` (Achille and Soatto, Information Dropout, 2018, proposition 4):
 * 0 at the greatest noise, where the unit says nothing.
 * @param alpha any shape; the result has the same
 */
export function logNormalKl(alpha: tf.Tensor): tf.Tensor {
  return tf.neg(tf.log(tf.div(alpha, LEAST_ALPHA + ALPHA_RANGE)));
}
