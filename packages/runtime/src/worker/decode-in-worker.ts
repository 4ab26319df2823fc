import { ArtifactError } from '../artifact/artifact-error.js';
import { decodeArtifact, type DecodedArtifact, type DecodeOptions } from '../artifact/decode-artifact.js';
import type { ByteStream } from '../bytes/byte-source.js';
import { unlessAborted } from '../source/watched.js';
import type { DecodingPort, DecodingWorker, FromWorker, ToWorker } from './decoding-protocol.js';
import { startWorker, workerFailed } from './start-worker.js';

/**
 * Decodes like `decodeArtifact` but in a worker: a given one, which keeps running, or (`true`) one that is
 * started and ended here. If the platform has no workers, or none that can inflate (React Native), decodes on
 * this thread. Throws `WORKER_UNAVAILABLE` if a worker cannot start.
 */
export async function decodeInWorker(
  source: ByteStream,
  worker: DecodingWorker | true,
  options: DecodeOptions,
  signal: AbortSignal | undefined,
): Promise<DecodedArtifact> {
  if (typeof DecompressionStream !== 'function') return decodeArtifact(source, options);
  const started = worker === true ? await startWorker() : { worker, end: () => undefined };
  if (!started) return decodeArtifact(source, options);
  const reader = source.getReader();
  const channel = new MessageChannel();
  const port = channel.port1 as unknown as DecodingPort;
  const { onerror } = started.worker;
  try {
    started.worker.postMessage({ port: channel.port2, options }, [channel.port2] as never);
    const answer = answerOf(port, started.worker);
    const sent = (async () => {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return port.postMessage({ ended: true } satisfies ToWorker);
        // A copy, which a Buffer's slice is not: what is sent is lost here, and the caller owns the original.
        const chunk = new Uint8Array(value!);
        port.postMessage({ chunk } satisfies ToWorker, [chunk.buffer]);
      }
    })();
    const failed = sent.then(() => new Promise<never>(() => undefined));
    return await unlessAborted(Promise.race([answer, failed]), signal);
  } finally {
    port.close();
    started.worker.onerror = onerror;
    await reader.cancel().catch(() => undefined);
    started.end();
  }
}

function answerOf(port: DecodingPort, worker: DecodingWorker): Promise<DecodedArtifact> {
  return new Promise((resolve, reject) => {
    port.onmessage = ({ data }: { readonly data: FromWorker }) => {
      if ('head' in data) return resolve(artifactOf(data));
      const { code, message } = data.failed;
      reject(code ? new ArtifactError(code, message) : new Error(message));
    };
    worker.onerror = (cause: unknown) => reject(workerFailed(cause));
  });
}

function artifactOf({ head, values }: Extract<FromWorker, { head: string }>): DecodedArtifact {
  const { weights, ...rest } = JSON.parse(head) as DecodedArtifact;
  return {
    ...rest,
    weights: weights.map((weight, i) => ({ ...weight, data: new Float32Array(values[i]!) })),
  };
}
