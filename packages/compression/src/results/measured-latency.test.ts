import '@tensorflow/tfjs-backend-cpu';
import type { Backend, LatencyTable, LayerGraph, PruneLimit } from '@tersor/core';
import { measureLatency } from './measured-latency.js';

const network: LayerGraph = {
  name: 'empty',
  layers: [{ name: 'input', className: 'InputLayer', config: {}, weights: [] }],
  calls: [{ layer: 'input', inputs: [], outputShape: [1] }],
  inputs: [0],
  outputs: [0],
};
const table = {
  backend: 'webgl',
  browser: { name: 'Chromium', version: '150', userAgent: '', adapter: 'a card' },
  images: 1,
  transfer: 0.5,
  layers: [],
} as unknown as LatencyTable;
const limits = [{ name: 'latency', table } as unknown as PruneLimit];

/** A browser in which the original takes 4 ms, and the other as given. */
async function measured(compressed: number) {
  const notices: string[] = [];
  let closed = 0;
  const result = await measureLatency({
    limits,
    original: network,
    compressed: network,
    backend: {} as Backend,
    openMeter: async ({ backend, browser }) => ({
      backend,
      browser,
      details: {},
      takeTurns: async () => [
        [4, 3.9, 40],
        [compressed, 30, compressed],
      ],
      close: async () => void closed++,
    }),
    onNotice: (text) => notices.push(text),
  });
  return { result, notices, closed };
}

it('gives the medians of both where the table was measured, and says nothing of a faster network', async () => {
  expect(await measured(2)).toEqual({
    result: { backend: 'webgl', browser: table.browser, images: 1, original: 4, compressed: 2 },
    notices: [],
    closed: 1,
  });
});

it('warns with both times where the smaller network is not faster', async () => {
  const { notices } = await measured(4.5);
  expect(notices).toEqual([
    expect.stringMatching(
      /^Warning: the compressed network is not faster .* takes 4\.50 ms, and 4\.00 ms before, .* on webgl in Chromium 150 \(a card\)\. The table predicted 0\.500 ms\./,
    ),
  ]);
});

it('notes a browser that cannot be opened, and measures nothing without a table', async () => {
  const notices: string[] = [];
  const rest = { original: network, compressed: network, backend: {} as Backend };
  const onNotice = (text: string) => void notices.push(text);
  const openMeter = () => Promise.reject(new Error('No Chromium here.'));
  expect(await measureLatency({ ...rest, limits, openMeter, onNotice })).toBeUndefined();
  expect(notices).toEqual([
    'The original and the compressed network were not measured again on webgl in Chromium 150 (a card): No Chromium here.',
  ]);
  expect(await measureLatency({ ...rest, limits: [], openMeter, onNotice })).toBeUndefined();
  expect(notices).toHaveLength(1);
});
