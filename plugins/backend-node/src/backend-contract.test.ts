import { tmpdir } from 'node:os';
import { backendContract, describeContract } from '@tersor/testing';
import { describeWhereAvailable, testBackend } from '../test/where-available.js';
import { createNodeBackend } from './node-backend.js';

it('says what to install where there is no tfjs-node', async () => {
  const backend = createNodeBackend({ precision: 'float32', directories: [tmpdir()] });
  expect(await backend.isAvailable()).toMatchObject({
    available: false,
    reason: expect.stringMatching(/Neither .* is installed/),
    install: expect.stringMatching(/^npm install @tensorflow\/tfjs-node@/),
  });
  await expect(backend.activate()).rejects.toMatchObject({ code: 'BACKEND_UNAVAILABLE' });
});

describeWhereAvailable('with tfjs-node', () => {
  it('is available', async () =>
    expect(await testBackend().isAvailable()).toMatchObject({ available: true }));
  describeContract('node backend', backendContract(testBackend));
});
