import type { BitQuestion, GraphLayer, LayerGraph } from '@tersor/core';
import { wholeStepsQuantizer } from '../../test/whole-steps.js';
import { leastErrorBits } from '../environments/least-error-bits.js';
import { createBitErrors } from './bit-errors.js';

const quantizer = wholeStepsQuantizer(10);

const dense = (name: string): GraphLayer => ({
  name,
  className: 'Dense',
  config: { units: 1 },
  weights: [{ name: 'kernel', trainable: true, shape: [4, 1], data: Float32Array.of(0.9, -0.35, 0.2, 0.05) }],
});

/** Two layers with the same weights, and room for 2 and 6 bits of 1 byte each. */
const question = (layers: readonly GraphLayer[]): BitQuestion => {
  const of = (amounts: readonly number[]) => amounts.reduce((sum, bits) => sum + bits, 0);
  return {
    layers,
    bits: [2, 8],
    bytes: (_layer, bits) => bits,
    error: (_layer, bits) => 4 ** -bits,
    limits: [{ name: 'bytes', limit: 8, of }],
    used: (amounts) => of(amounts) / 8,
    fits: (amounts) => of(amounts) <= 8,
  };
};

/** The heuristic `reconstruction`. */
const heuristicOf = (options: Omit<Parameters<typeof createBitErrors>[0], 'quantizer' | 'moments'>) => {
  const errorsOf = createBitErrors({ quantizer, moments: new Map(), ...options });
  return async (asked: BitQuestion) => leastErrorBits(asked, await errorsOf(asked));
};

test('layers that do the same to the outputs get the same bits', async () => {
  const choose = heuristicOf({ quantized: () => fail });
  expect(await choose(question([dense('a'), dense('b')]))).toEqual([4, 4]);
});

test('a layer whose probes say that the outputs suffer gets the bits, and each probe is measured once', async () => {
  const asked: string[] = [];
  let opened = 0;
  const told: string[] = [];
  const choose = heuristicOf({
    onProbed: (done, total) => told.push(`${done}/${total}`),
    quantized: (layer, bits) => ({ layers: [layer], at: bits }) as unknown as LayerGraph,
    openLoss: async () => {
      opened++;
      return async (network) => {
        const { layers, at } = network as unknown as { layers: GraphLayer[]; at: number };
        asked.push(`${layers[0]!.name}@${at}`);
        return (layers[0]!.name === 'b' ? 1000 : 1) * 4 ** -at;
      };
    },
  });
  const layers = [dense('a'), dense('b')];
  expect(await choose(question(layers))).toEqual([2, 6]);
  expect(await choose(question(layers))).toEqual([2, 6]);
  expect(asked).toEqual(['a@2', 'a@3', 'a@4', 'a@6', 'b@2', 'b@3', 'b@4', 'b@6']);
  expect(opened).toBe(1);
  expect(told).toEqual(['1/2', '2/2']);
});

const fail = undefined as unknown as LayerGraph;
