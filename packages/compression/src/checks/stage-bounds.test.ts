import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import * as tfl from '@tensorflow/tfjs-layers';
import {
  compressConfigSchema,
  parseConfig,
  type LayerGraph,
  type Pruner,
  type Quantizer,
} from '@tersor/core';
import { firstChannels } from '../../../network/test/first-channels.js';
import { bitOperations, cost, graphFromModel } from '@tersor/network';
import { limitsOfConfig } from '../../test/limits.js';
import { requireReachable } from './stage-bounds.js';

let graph: LayerGraph;
let originalBytes: number;
beforeAll(async () => {
  await tf.setBackend('cpu');
  const { layers } = tfl;
  const model = tfl.sequential({
    layers: [
      layers.conv2d({
        name: 'first',
        filters: 20,
        kernelSize: 3,
        padding: 'same',
        activation: 'relu',
        inputShape: [8, 8, 3],
      }),
      layers.conv2d({ name: 'second', filters: 20, kernelSize: 3, padding: 'same', activation: 'relu' }),
      layers.flatten(),
      layers.dense({ name: 'classes', units: 10 }),
    ],
  });
  graph = await graphFromModel(model);
  originalBytes = 4 * cost(graph).parameters;
});

const quantizer = {
  id: 'any',
  bits: [1, 8],
  encode: () => {
    throw new Error('not asked for');
  },
} as unknown as Quantizer;
const check = async (
  prune: object,
  quantize: object,
  pruners: readonly Pruner[] = [firstChannels(graph)],
) => {
  const config = parseConfig(
    {
      model: 'm',
      dataset: 'd',
      prune: { agent: 'random', ...prune },
      quantize: { agent: 'random', ...quantize },
    },
    compressConfigSchema,
  );
  const limits = await limitsOfConfig(config, graph, originalBytes);
  return requireReachable({ config, original: graph, ...limits, pruners, quantizer });
};
const macs = { macs: 0.5 };
const infeasible = (message: RegExp) =>
  expect.objectContaining({ code: 'BUDGET_INFEASIBLE', message: expect.stringMatching(message) as unknown });

describe('requireReachable', () => {
  it('says nothing about budgets that an evenly pruned network keeps', async () => {
    expect(await check({ budget: macs }, { budget: { bytes: 0.2 } })).toEqual([]);
  });

  it('refuses a size that nothing can have, before stage 1', async () => {
    await expect(check({ budget: macs }, { budget: { bytes: 101 } })).rejects.toEqual(
      infeasible(/quantize\.budget\.bytes is 101 bytes, but .* the file has \d+ bytes before the first code/),
    );
  });

  it('names a budget of less than one multiply-add by its digits, not as 0', async () => {
    await expect(check({ budget: { macs: 1e-9 } }, { budget: { bytes: 0.9 } })).rejects.toEqual(
      infeasible(/prune\.budget\.macs is 0\.0\d+, but/),
    );
  });

  it('refuses bit operations that nothing can have: those of two channels per group with the fewest bits', async () => {
    // 2 channels of 20: 8x8x9x(3x2 + 2x2) of the convolutions and 8x8x2x10 of the dense layer.
    const least = (8 * 8 * 9 * 10 + 8 * 8 * 2 * 10) * 2 * 4;
    const quantize = (bops: number) => ({ budget: { bytes: 0.9, bops }, activations: { bits: 4 } });
    await expect(check({ budget: macs }, quantize(least - 1))).rejects.toEqual(
      infeasible(new RegExp(`the network has ${least} bit operations\\.`)),
    );
    expect(await check({ budget: macs }, quantize(least))).toEqual([
      expect.stringMatching(
        /quantize\.budget\.bops is .*: whether the budget can be reached depends on what stage 1 leaves/,
      ),
    ]);
    expect(await check({ budget: macs }, quantize(bitOperations(graph)))).toEqual([]);
  });

  it('says of a size between the two that it depends on stage 1, and what to do', async () => {
    expect(await check({ budget: macs }, { budget: { bytes: 0.03 } })).toEqual([
      expect.stringMatching(
        /^quantize\.budget\.bytes \(0\.03 of .*\) is \d+ bytes\..*depends on what stage 1 leaves\. If it cannot, raise it then and go on with --resume, which keeps stage 1\.$/,
      ),
    ]);
  });

  it('refuses a budget of a later round of stage 1 that no round before can make reachable', async () => {
    const rounds = (last: number) => ({ stages: [{ macs: 0.5 }], budget: { macs: last }, minimum: 0.5 });
    await expect(check(rounds(0.02), { budget: { bytes: 0.9 } })).rejects.toEqual(
      infeasible(/prune\.budget\.macs is \d+, but with every group at its minimum the network still has \d+/),
    );
    // A quarter of the channels after two rounds of a half, each: about a sixteenth of the multiply-adds.
    expect(await check(rounds(0.2), { budget: { bytes: 0.9 } })).toEqual([]);
    await expect(check({ budget: { macs: 0.2 }, minimum: 0.5 }, { budget: { bytes: 0.9 } })).rejects.toEqual(
      infeasible(/prune\.budget\.macs/),
    );
  });

  it('refuses bit widths that the quantizer does not have', async () => {
    const narrow = { ...quantizer, bits: [6, 8] } as Quantizer;
    const config = parseConfig(
      {
        model: 'm',
        dataset: 'd',
        prune: { agent: 'random', budget: macs },
        quantize: { agent: 'random', bits: [2, 4], budget: { bytes: 0.5 } },
      },
      compressConfigSchema,
    );
    const limits = await limitsOfConfig(config, graph, originalBytes);
    expect(() =>
      requireReachable({
        config,
        original: graph,
        ...limits,
        pruners: [firstChannels(graph)],
        quantizer: narrow,
      }),
    ).toThrow('quantize.bits is 2 to 4, but the quantizer "any" gives 6 to 8 bits');
  });

  it('does not judge what an environment of somebody else may leave', async () => {
    expect(await check({ budget: macs, environment: 'theirs' }, { budget: { bytes: 101 } })).toEqual([]);
  });
});
