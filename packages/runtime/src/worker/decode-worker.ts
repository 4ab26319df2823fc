// The worker's entry point. decode-worker-source.ts contains it bundled; a page whose policy forbids workers
// from a blob creates its own from dist/esm/decode-worker.min.js.
import { ArtifactError } from '../artifact/artifact-error.js';
import { decodeArtifact } from '../artifact/decode-artifact.js';
import type { ByteReader } from '../bytes/byte-source.js';
import type { DecodingPort, FromWorker, StartDecoding, ToWorker } from './decoding-protocol.js';

/** Global scope of a worker. */
const scope = globalThis as { onmessage?: (event: { readonly data: StartDecoding }) => void };

scope.onmessage = ({ data: { port, options } }) => {
  const send = (message: FromWorker, transfer: unknown[] = []) => port.postMessage(message, transfer);
  decodeArtifact({ getReader: () => readerOf(port) }, options)
    .then(({ weights, ...rest }) => {
      const head = JSON.stringify({ ...rest, weights: weights.map(({ name, shape }) => ({ name, shape })) });
      const values = weights.map(({ data }) => data.buffer);
      send({ head, values }, values);
    })
    .catch((error: unknown) => {
      const code = error instanceof ArtifactError ? error.code : undefined;
      send({ failed: { code, message: error instanceof Error ? error.message : String(error) } });
    });
};

/** A reader of the chunks that arrive at a port. */
function readerOf(port: DecodingPort): ByteReader {
  const arrived: ToWorker[] = [];
  let wake = (): void => undefined;
  port.onmessage = ({ data }: { readonly data: ToWorker }) => {
    arrived.push(data);
    wake();
  };
  return {
    read: async () => {
      if (arrived.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      const message = arrived.shift()!;
      return 'chunk' in message ? { done: false, value: message.chunk } : { done: true };
    },
    cancel: async () => undefined,
  };
}
