// CI names the backends that it could set up (TERSOR_REQUIRE_BACKENDS): a named one runs, and fails where it
// is absent.
const named = process.env['TERSOR_REQUIRE_BACKENDS']?.split(',');
const runs = named
  ? named.includes('webgpu')
  : (globalThis as { readonly hasWebgpuAdapter?: boolean }).hasWebgpuAdapter;

/**
 * `describe`, or with the reason in the title `describe.skip` where there is no adapter: the test runner
 * counts what was skipped.
 */
export function describeWhereAvailable(title: string, body: () => void): void {
  if (runs) describe(title, body);
  else describe.skip(`${title} (no WebGPU adapter: see tersor doctor)`, body);
}
