import {
  isTersorError,
  loadPlugin,
  messageOf,
  parseOptions,
  TersorError,
  type Availability,
  type Backend,
} from '@tersor/core';
import type { ProbeRequest } from './probe-backend.js';

// The program that `probeBackend` starts: it answers one request and exits.
process.once('message', (request: ProbeRequest) => {
  // Exit explicitly, because Dawn and worker threads would keep the process alive. A library that crashes on
  // exit does no harm once the answer is sent.
  void availabilityOf(request).then((answer) => process.send!(answer, () => process.exit()));
});

async function availabilityOf({ source, id, directories }: ProbeRequest): Promise<Availability> {
  try {
    const { plugin } = await loadPlugin('backend', `${source}#${id}`, directories);
    const context = {
      directory: process.cwd(),
      seed: 1,
      get: () => Promise.reject(new TersorError('PLUGIN_NOT_FOUND', 'doctor provides no other plugins.')),
    };
    const options = await parseOptions(plugin, {}, `backend "${id}"`);
    const backend = (await plugin.create(options, context)) as Backend;
    const answer: unknown = await backend.isAvailable();
    const isAnswer = typeof answer === 'object' && answer !== null && 'available' in answer;
    if (!isAnswer)
      throw new TersorError(
        'PLUGIN_MISBEHAVED',
        `isAvailable of ${source} returned ${String(answer)} instead of whether it can run here.`,
      );
    return answer as Availability;
  } catch (error) {
    return {
      available: false,
      reason: messageOf(error),
      install: (isTersorError(error) && error.hint) || '',
    };
  }
}
