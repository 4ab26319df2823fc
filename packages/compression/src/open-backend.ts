import {
  TersorError,
  TOKENS,
  type Backend,
  type ChosenPrecision,
  type Host,
  type LayerGraph,
  type Precision,
} from '@tersor/core';
import { SLOTS } from './config-slots.js';
import type { RunState } from './run/run-state.js';

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

interface Choosing {
  /** Where a choice is kept: a run that goes on takes the one that is there. */
  readonly state: RunState;
  readonly original: LayerGraph;
  readonly images: Float32Array;
  onNotice(text: string): void;
}

/** Lets a backend that is to choose its precision do so, once per run, and says what it chose. */
export async function choosePrecision(
  { id, choice }: Backend,
  { state, original, images, onNotice }: Choosing,
): Promise<ChosenPrecision | undefined> {
  if (!choice) return undefined;
  const chosen = (state.precision ??= await choice.measure(original, images));
  choice.use(chosen);
  const { precision, milliseconds } = chosen;
  const others = (Object.keys(milliseconds) as Precision[]).filter((each) => each !== precision);
  const times = [precision, ...others].map((each) => `${each} ${milliseconds[each]!.toFixed(3)} ms`);
  onNotice(
    `Precision: the backend "${id}" computes in ${precision} (an image of the original takes ${times.join(', ')}). ` +
      `To repeat this run, write precision: ${precision}.`,
  );
  return chosen;
}
