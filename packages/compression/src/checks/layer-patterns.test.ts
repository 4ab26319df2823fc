import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import { compressConfigSchema, type LayerGraph } from '@tersor/core';
import { matchesAny, requireExclusions } from './layer-patterns.js';
import { graphFromModel } from '@tersor/network';

describe('requireExclusions', () => {
  let graph: LayerGraph;
  beforeAll(async () => {
    await tf.setBackend('cpu');
    const { layers } = tfl;
    const model = tfl.sequential({
      layers: [
        layers.conv2d({ name: 'Conv_1', filters: 4, kernelSize: 3, inputShape: [8, 8, 1] }),
        layers.batchNormalization({ name: 'norm' }),
        layers.conv2d({ name: 'Conv_2', filters: 4, kernelSize: 3 }),
        layers.flatten({ name: 'flat' }),
        layers.dense({ name: 'head', units: 2 }),
      ],
    });
    graph = await graphFromModel(model);
    model.dispose();
  });

  const check = (prune: string[], quantize: string[] = []) => {
    const notices: string[] = [];
    const config = compressConfigSchema.parse({
      model: 'm',
      dataset: 'd',
      prune: { agent: 'random', budget: { macs: 0.5 }, exclude: prune },
      quantize: { agent: 'random', budget: { bytes: 0.5 }, exclude: quantize },
    });
    requireExclusions(graph, config, (text) => notices.push(text));
    return notices;
  };

  it.each([
    ['prune', ['conv_1'], [], /prune\.exclude has "conv_1", which no layer .* did you mean "Conv_1"\?/],
    ['quantize', [], ['Head'], /quantize\.exclude has "Head", which no layer .* did you mean "head"\?/],
    ['a pattern', ['conv*'], [], /"conv\*", which no layer .* did you mean "Conv_[12]"\?/],
    ['the second of two', ['Conv_1', 'hed'], [], /"hed", .* did you mean "head"\?/],
  ])('refuses a name that no layer has, with the nearest one: %s', (_where, prune, quantize, message) => {
    expect(() => check(prune, quantize)).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringMatching(message) }),
    );
  });

  it.each([
    ['prune', ['*'], [], /prune\.exclude leaves out all 2 layers whose channels can be pruned \(\*\)/],
    ['prune, by names', ['Conv_1', 'Conv_2'], [], /leaves out all 2 layers/],
    [
      'quantize',
      [],
      ['Conv_*', 'head'],
      /quantize\.exclude leaves out all 3 layers whose kernels get a bit width \(Conv_\*, head\)/,
    ],
  ])('refuses to leave a stage without any layer: %s', (_where, prune, quantize, message) => {
    expect(() => check(prune, quantize)).toThrow(
      expect.objectContaining({ code: 'MODEL_UNSUPPORTED', message: expect.stringMatching(message) }),
    );
  });

  it('takes names and patterns that layers have', () => {
    expect(check(['Conv_1', 'h*'], ['head', '*_1'])).toEqual([]);
  });

  it('says which layer to exclude instead of one that only carries channels', () => {
    expect(check(['norm'])).toEqual([
      expect.stringMatching(
        /"norm", which keeps nothing: the channels of "norm" are made by "Conv_1".*exclude "Conv_1"/,
      ),
    ]);
  });
});

it('takes every letter of a pattern but * literally', () => {
  expect([
    matchesAny('a.b', ['a.b']),
    matchesAny('axb', ['a.b']),
    matchesAny('block_1/conv', ['block_*']),
    matchesAny('xblock_1', ['block_*']),
  ]).toEqual([true, false, true, false]);
});
