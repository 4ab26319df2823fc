import { isTersorError } from '@tersor/core';
import { createEpisodeServer, type EpisodeServer } from './episode-server.js';
import type { FromWorker, SentError, ToWorker } from './messages.js';

/** A process that measures candidates of a search; see `startEpisodePool`. */
let server: EpisodeServer | undefined;

const send = (message: FromWorker) => process.send!(message);

async function answer(message: ToWorker): Promise<FromWorker> {
  try {
    if ('setup' in message) {
      server = await createEpisodeServer(message.setup);
      return { ready: true };
    }
    return { answer: await server!.step(message.request) };
  } catch (error) {
    return { error: sent(error) };
  }
}

function sent(thrown: unknown): SentError {
  const { name, message, stack } = thrown instanceof Error ? thrown : new Error(String(thrown));
  if (!isTersorError(thrown)) return { name, message, stack };
  return { name, message, stack, code: thrown.code, hint: thrown.hint };
}

// Ctrl-C at a terminal reaches this process too: the one that has started it decides when it ends.
for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.on('disconnect', () => process.exit());
process.on('message', (message: ToWorker) => void answer(message).then(send));
