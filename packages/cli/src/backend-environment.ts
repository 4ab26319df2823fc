import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import type { CompressConfig } from '@tersor/core';
import { backendSlots } from '@tersor/compression';

const MARK = 'TERSOR_BACKEND_ENVIRONMENT';

/**
 * Starts this process again with the environment variables that a backend needs before its first instruction, where it needs any: under
 * glibc, tfjs-node spends most of its time in page faults unless malloc keeps its memory. Returns at once for all others.
 */
export function ensureBackendEnvironment(backend: CompressConfig['backend']): void {
  if (process.env[MARK]) return;
  const variables: Record<string, string> = Object.assign({}, ...backendSlots(backend).map(({ use }) => environmentFor(use)));
  if (Object.keys(variables).every((name) => process.env[name] !== undefined)) return;
  const child = spawnSync(process.execPath, [...process.execArgv, ...process.argv.slice(1)], { stdio: 'inherit', env: { ...variables, ...process.env, [MARK]: '1' } });
  if (child.signal) process.stderr.write(`tersor: the process ended by ${child.signal}. A crash of the native library does that, or a lack of memory; with "--set backend=wasm" there is no native library.\n`);
  process.exit(child.status ?? 2);
}

/** Environment variables that a process is given at its start for the backend that a config calls `use`: those of the backend `node`, none for others. */
export function environmentFor(use: string): Record<string, string> {
  if (use !== 'node') return {};
  try {
    const plugin = createRequire(__filename)('@tersor/backend-node') as { nodeEnvironment?: () => Record<string, string> };
    return plugin.nodeEnvironment?.() ?? {};
  } catch {
    return {}; // Not installed: the host says so in a moment.
  }
}
