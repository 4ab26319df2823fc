import { optionalIntegers } from './attributes.js';
import type { OnnxInput, OnnxModel } from './file/onnx-model.js';
import { usualOrder } from './layout/tensor.js';

/** Operators whose input has its channels first. */
const CHANNELS_FIRST = new Set([
  'Conv',
  'ConvTranspose',
  'BatchNormalization',
  'MaxPool',
  'AveragePool',
  'GlobalAveragePool',
  'GlobalMaxPool',
  'Resize',
  'Upsample',
  'PRelu',
]);

/**
 * Memory order of an input: channels last for images and, if convolutions read them, for sequences. If the
 * first node of a file transposes channels-last images to channels-first ones, its inputs have channels last
 * already.
 */
export function inputOrder({ nodes }: OnnxModel): (input: OnnxInput) => number[] {
  return ({ name, dims }) => {
    const rank = dims.length - 1;
    const plain = Array.from({ length: rank }, (_, axis) => axis);
    const pending = [name];
    const seen = new Set(pending);
    while (pending.length > 0) {
      const tensor = pending.shift()!;
      for (const { type, inputs, outputs, attributes, ...node } of nodes) {
        if (!inputs.includes(tensor)) continue;
        if (type === 'Transpose') {
          const order = optionalIntegers({ ...node, type, inputs, outputs, attributes }, 'perm');
          return order?.join() === [0, rank, ...plain.slice(1)].join() ? plain : usualOrder(rank);
        }
        if (CHANNELS_FIRST.has(type)) return rank === 2 ? [1, 0] : usualOrder(rank);
        for (const output of outputs) {
          // Look through at most a few steps of arithmetic on the pixels.
          if (seen.has(output) || seen.size > 16) continue;
          seen.add(output);
          pending.push(output);
        }
      }
    }
    return usualOrder(rank);
  };
}
