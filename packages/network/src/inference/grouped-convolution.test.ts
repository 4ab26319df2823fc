import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { convolutionBlocks, convolveBlocks } from './grouped-convolution.js';
import type { ConvolutionOperation } from './plan-step.js';

beforeAll(() => tf.setBackend('cpu'));

test.each([
  ['narrow groups, several to a block and a shorter one last', 7, 10, [30, 30, 10]],
  ['wide groups, each by itself', 2, 40, [40, 40]],
  ['few channels, in one block', 3, 2, [6]],
])('%s: each output reads the channels of its group', (_name, groups, width, widths) => {
  const channels = groups * width;
  // Each channel is its own number, and each group has one filter: the sum of its channels, and its bias.
  const kernel = { shape: [1, 1, width, groups], data: new Float32Array(width * groups).fill(1) };
  const bias = { shape: [groups], data: Float32Array.from({ length: groups }, (_, group) => 1000 * group) };
  const window = { strides: [1, 1], dilation: [1, 1], padding: 'valid' } as const;
  const operation: ConvolutionOperation = { kind: 'convolution', kernel, bias, groups, ...window };
  const before = tf.memory().numTensors;
  const blocks = convolutionBlocks(operation);
  expect(blocks.map((block) => block.kernel.shape[2])).toEqual(widths);
  const found = tf.tidy(() => {
    const x = tf.tensor4d(
      Float32Array.from({ length: channels }, (_, i) => i),
      [1, 1, 1, channels],
    );
    return [...convolveBlocks(x, blocks, operation, 'linear').dataSync()];
  });
  const sum = (group: number) => width * group * width + (width * (width - 1)) / 2;
  expect(found).toEqual(Array.from({ length: groups }, (_, group) => sum(group) + 1000 * group));
  tf.dispose(blocks.flatMap((block) => [block.kernel, block.bias!]));
  expect(tf.memory().numTensors).toBe(before);
});
