import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { graphFromModel } from '../graph/model-graph.js';
import { joiningLayers, withSharedRanges } from './shared-ranges.js';

beforeAll(() => tf.setBackend('cpu'));

const conv = (name: string) => tfl.layers.conv2d({ name, filters: 3, kernelSize: 1 });

/** Two residual blocks one after the other, and a layer that reads the last sum. */
async function residual() {
  const input = tfl.input({ shape: [4, 4, 3] });
  const join = (name: string, tensors: tfl.SymbolicTensor[]) =>
    tfl.layers.add({ name }).apply(tensors) as tfl.SymbolicTensor;
  const one = conv('one').apply(input) as tfl.SymbolicTensor;
  const first = join('first', [one, conv('two').apply(one) as tfl.SymbolicTensor]);
  const second = join('second', [first, conv('three').apply(first) as tfl.SymbolicTensor]);
  return graphFromModel(
    tfl.model({ inputs: input, outputs: conv('last').apply(second) as tfl.SymbolicTensor }),
  );
}

it('gives layers that read the same tensor the union of their ranges', async () => {
  const graph = await residual();
  expect(joiningLayers(graph)).toEqual(['first', 'second']);
  const range = (least: number, most: number) => ({ bits: 8, least, most });
  const shared = withSharedRanges(graph, {
    one: range(-9, 9),
    two: range(0, 1),
    first: range(-1, 2),
    three: range(-2, 1),
    second: range(-1, 5),
    last: range(-7, 7),
  });
  // "second" reads what "three" reads, and "first" what "two" does.
  expect(shared).toEqual({
    one: range(-9, 9),
    two: range(-1, 2),
    first: range(-1, 2),
    three: range(-2, 5),
    second: range(-2, 5),
    last: range(-7, 7),
  });
});

it('leaves ranges of other bits as they are', async () => {
  const graph = await residual();
  const policy = { three: { bits: 4, least: 0, most: 1 }, second: { bits: 8, least: -3, most: 3 } };
  expect(withSharedRanges(graph, policy)).toEqual(policy);
});
