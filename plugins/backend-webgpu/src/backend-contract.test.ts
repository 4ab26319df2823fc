import { backendContract, describeContract } from '@tersor/testing';
import { describeWhereAvailable } from '../test/where-available.js';
import { createWebgpuBackend } from './webgpu-backend.js';

// A software adapter takes seconds to compile each shader.
jest.setTimeout(120_000);
const make = () => createWebgpuBackend({ powerPreference: 'high-performance', batchSize: 4 });

describeWhereAvailable('with an adapter', () => {
  it('is available', async () => expect(await make().isAvailable()).toMatchObject({ available: true }));
  describeContract('webgpu backend', backendContract(make));
});
