/**
 * Whether an activation mixes all channels: softmax or log softmax, in the spelling of Keras (`log_softmax`)
 * or TensorFlow.js (`logSoftmax`). Its channels cannot be removed individually.
 */
export function isSoftmax(activation: unknown): boolean {
  const plain = String(activation ?? '')
    .toLowerCase()
    .replaceAll('_', '');
  return plain === 'softmax' || plain === 'logsoftmax';
}
