/**
 * @jest-environment <rootDir>/../../plugins/backend-webgpu/test/webgpu-environment.js
 * @jest-environment-options {"globalsCleanup": "off"}
 */
import { createWebgpuBackend } from '@tersor/backend-webgpu';
import { expectSameSecondMoments } from './second-moments.js';

// A software adapter takes seconds to compile each shader: half a minute in all, minutes under load.
jest.setTimeout(900_000);
// An ES module, which jest cannot import: the environment has.
jest.mock('webgpu', () => (globalThis as { readonly importedWebgpu?: unknown }).importedWebgpu);

// CI names the backends that it could set up: a named one runs, and fails where it is absent.
const named = process.env['TERSOR_REQUIRE_BACKENDS']?.split(',');
const runs = named
  ? named.includes('webgpu')
  : (globalThis as { readonly hasWebgpuAdapter?: boolean }).hasWebgpuAdapter;

(runs ? describe : describe.skip)(`on webgpu${runs ? '' : ' (no WebGPU adapter: see tersor doctor)'}`, () => {
  const backend = createWebgpuBackend({ powerPreference: 'high-performance', batchSize: 20 });
  afterAll(() => backend.dispose());

  it('second moments give the plans of the cpu backend, and its networks to a ten-thousandth', () =>
    expectSameSecondMoments(backend));
});
