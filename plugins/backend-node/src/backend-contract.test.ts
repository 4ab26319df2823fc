import { backendContract, describeContract } from '@tersor/testing';
import { createNodeBackend } from './node-backend.js';

jest.setTimeout(120_000);
const make = () => createNodeBackend({ precision: 'float32', directories: [__dirname] });
// CI names the backends that it could set up: there an absent one fails, and one that is not named is skipped, which the runner counts.
const named = process.env['TERSOR_REQUIRE_BACKENDS']?.split(',');

(!named || named.includes('node') ? describe : describe.skip)('where CI has set it up or nobody says', () => {
  it('is available if CI requires it', async () => {
    const availability = await make().isAvailable();
    if (named) expect(availability).toMatchObject({ available: true });
    else if (!availability.available) console.warn(`the contract below checks nothing: ${availability.reason}`);
  });
  describeContract('node backend', backendContract(make));
});
