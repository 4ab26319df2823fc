import { backendContract, describeContract } from '@tersor/testing';
import { createWebgpuBackend } from './webgpu-backend.js';

// A software adapter takes seconds to compile each shader.
jest.setTimeout(120_000);
const make = () => createWebgpuBackend({ powerPreference: 'high-performance', batchSize: 4 });
// CI names the backends that it could set up: there an absent one fails, and one that is not named is skipped, which the runner counts.
const named = process.env['TERSOR_REQUIRE_BACKENDS']?.split(',');

(!named || named.includes('webgpu') ? describe : describe.skip)('where CI has set it up or nobody says', () => {
  it('is available if CI requires it', async () => {
    const availability = await make().isAvailable();
    if (named) expect(availability).toMatchObject({ available: true });
    else if (!availability.available) console.warn(`the contract below checks nothing: ${availability.reason}`);
  });
  describeContract('webgpu backend', backendContract(make));
});
