import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { loadPlugin, parseOptions, type CompressConfig } from '@tersor/core';
import { backendSlots } from '@tersor/compression';
import { withoutNativeLogs } from '../logging/quiet-libraries.js';
import { exitCodeOf, onStopSignal, STAND_IN, type StopSignal } from '../stopping/stop-signals.js';

/**
 * Restarts this program with the environment variables that a backend needs from its start, if its plugin
 * states any; otherwise resolves at once. After a restart, this process passes on the signals that it gets,
 * and ends when the new process ends.
 * @param directory folder in which plugins are looked up first
 */
export async function ensureBackendEnvironment(
  backend: CompressConfig['backend'],
  directory = process.cwd(),
): Promise<void> {
  if (process.env[STAND_IN]) return;
  const directories = [directory, process.cwd(), __dirname];
  const variables: Record<string, string> = {};
  for (const slot of backendSlots(backend)) Object.assign(variables, await environmentFor(slot, directories));
  const isQuiet = !process.argv.includes('--verbose');
  if (
    !isQuiet
      ? Object.keys(variables).every((name) => process.env[name] !== undefined)
      : Object.keys(variables).length === 0
  )
    return;
  // The native library writes to file descriptor 2 at any log level, so that is a pipe. If stderr is a
  // terminal, the new process's own output goes there through another descriptor.
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    stdio: [
      'inherit',
      'inherit',
      isQuiet ? 'pipe' : 'inherit',
      'ipc',
      ...(isQuiet && process.stderr.isTTY ? [2] : []),
    ],
    env: { ...variables, ...process.env, [STAND_IN]: String(process.pid) },
  });
  const filter = withoutNativeLogs((text) => process.stderr.write(text));
  child.stderr?.setEncoding('utf8').on('data', filter.text);
  let stopped: StopSignal | undefined;
  onStopSignal(
    // As a message: in a terminal both processes get the signal itself, and a second one would end the run.
    (signal) => child.send((stopped = signal), () => undefined),
    () => child.kill('SIGKILL'),
  );
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  filter.end();
  if (signal && !stopped)
    process.stderr.write(
      `tersor: the process was ended by ${signal}. The native library may have crashed, or memory may have run out; with "--set backend=wasm" there is no native library.\n`,
    );
  process.exit(code ?? (stopped ? exitCodeOf(stopped) : 2));
}

/**
 * Environment variables that a process needs from its start for a backend, as stated by its plugin.
 */
export async function environmentFor(
  { use, options = {} }: { readonly use: string; readonly options?: Readonly<Record<string, unknown>> },
  directories: readonly string[],
): Promise<Readonly<Record<string, string>>> {
  try {
    const { plugin } = await loadPlugin('backend', use, directories);
    return plugin.environment?.(await parseOptions(plugin, options, use)) ?? {};
  } catch {
    return {}; // Not installed, or wrong options: the host will report it.
  }
}
