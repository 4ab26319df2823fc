/**
 * Whether an activation mixes all channels: softmax or log softmax, however a config spells it (`log_softmax`
 * as Keras does, `logSoftmax` as TensorFlow.js does). Such channels cannot go one by one.
 */
export function isSoftmax(activation: unknown): boolean {
  const plain = String(activation ?? '')
    .toLowerCase()
    .replaceAll('_', '');
  return plain === 'softmax' || plain === 'logsoftmax';
}
