/**
 * @jest-environment <rootDir>/../../plugins/backend-webgpu/test/webgpu-environment.js
 * @jest-environment-options {"globalsCleanup": "off"}
 */
import { createWebgpuBackend } from '@tersor/backend-webgpu';
import { describeWhereAvailable } from '../../../plugins/backend-webgpu/test/where-available.js';
import { expectSameSecondMoments } from './second-moments.js';

// A software adapter takes seconds to compile each shader: half a minute in all, minutes under load.
jest.setTimeout(900_000);
// An ES module, which jest cannot import: the environment has.
jest.mock('webgpu', () => (globalThis as { readonly importedWebgpu?: unknown }).importedWebgpu);

describeWhereAvailable('on webgpu', () => {
  const backend = createWebgpuBackend({ powerPreference: 'high-performance', batchSize: 20 });
  afterAll(() => backend.dispose());

  it('second moments give the plans of the cpu backend, and its networks to a ten-thousandth', () =>
    expectSameSecondMoments(backend));
});
