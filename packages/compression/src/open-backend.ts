import { TersorError, TOKENS, type Backend, type Host } from '@tersor/core';
import { SLOTS } from './config-slots.js';

/** The backends of a run: one of the two where the config names one for both. */
export interface RunBackends {
  readonly trainBackend: Backend;
  readonly evaluateBackend: Backend;
}

/**
 * The backend that fills a slot of the host, if it can run here. Throws `BACKEND_UNAVAILABLE` with what to
 * install.
 */
export async function openBackend(host: Host, slot: string = SLOTS.train): Promise<Backend> {
  const backend = await host.get(TOKENS.backend, slot);
  const availability = await backend.isAvailable();
  if (availability.available) return backend;
  throw new TersorError(
    'BACKEND_UNAVAILABLE',
    `The backend "${backend.id}" cannot run here: ${availability.reason}`,
    { hint: availability.install },
  );
}

/** The backends that a config names, both able to run here. Throws `BACKEND_UNAVAILABLE`. */
export async function openBackends(host: Host): Promise<RunBackends> {
  const trainBackend = await openBackend(host);
  const evaluateBackend = host.has(TOKENS.backend, SLOTS.evaluate)
    ? await openBackend(host, SLOTS.evaluate)
    : trainBackend;
  return { trainBackend, evaluateBackend };
}
