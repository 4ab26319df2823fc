import { createNodeBackend } from '../src/node-backend.js';
import { findTfjsNode } from '../src/find-tfjs-node.js';

/** A backend for tests, on the tfjs-node that is installed here or that `setup:tfjs-node` made. */
export const testBackend = () => createNodeBackend({ precision: 'float32', directories: [__dirname] });

// CI names the backends that it could set up (TERSOR_REQUIRE_BACKENDS): a named one runs, and fails where it
// is absent.
const named = process.env['TERSOR_REQUIRE_BACKENDS']?.split(',');
const runs = named ? named.includes('node') : findTfjsNode([__dirname]) !== undefined;

/**
 * `describe`, or with the reason in the title `describe.skip` where tfjs-node is absent: the test runner
 * counts what was skipped.
 */
export function describeWhereAvailable(title: string, body: () => void): void {
  if (runs) describe(title, body);
  else describe.skip(`${title} (tfjs-node is not installed: npm run setup:tfjs-node)`, body);
}
