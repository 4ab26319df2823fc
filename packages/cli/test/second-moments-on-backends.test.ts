import { createNodeBackend } from '@tersor/backend-node';
import { createWasmBackend } from '@tersor/backend-wasm';
import type { Backend } from '@tersor/core';
import { expectSameSecondMoments } from './second-moments.js';

const backends: Readonly<Record<string, Backend>> = {
  wasm: createWasmBackend({ workers: 1 }),
  node: createNodeBackend({ precision: 'float32', directories: [__dirname] }),
};
afterAll(() => Promise.all(Object.values(backends).map((backend) => backend.dispose())));

it.each(Object.keys(backends))(
  'on %s second moments give the plans of the cpu backend, and its networks to a ten-thousandth',
  async (id) => {
    // CI names the backends that must run; the node backend's own tests fail there where it is absent.
    if (!(await backends[id]!.isAvailable()).available) return;
    await expectSameSecondMoments(backends[id]!);
  },
);
