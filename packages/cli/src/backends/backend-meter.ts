import { backendSlots, openBackend } from '@tersor/compression';
import { createHost } from '@tersor/core';
import { backendMeter, type LatencyMeter } from '@tersor/network';

/** A meter that must be closed after use. */
export interface OpenMeter {
  readonly meter: LatencyMeter;
  /** Versions that may affect times. */
  readonly versions: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/**
 * Opens a backend plugin, looked up from the current folder, to time networks. Throws `BACKEND_UNAVAILABLE`.
 */
export async function openBackendMeter(name: string, seed: number): Promise<OpenMeter> {
  const host = await createHost({
    slots: backendSlots(name),
    directory: process.cwd(),
    seed,
    searchFrom: [__dirname],
  });
  const close = () => host.dispose();
  try {
    const { source, version } = host.wired[0]!;
    const meter = await backendMeter(await openBackend(host));
    return { meter, versions: version === undefined ? {} : { [source]: version }, close };
  } catch (error) {
    await close();
    throw error;
  }
}
