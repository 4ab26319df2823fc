import type { ArtifactErrorCode } from '../artifact/artifact-error.js';
import type { DecodeOptions } from '../artifact/decode-artifact.js';

/** Messages of the page about one file: its bytes as they arrive, then their end. */
export type ToWorker = { readonly chunk: Uint8Array } | { readonly ended: true };

/** Messages of the worker: the decoded file, or the reason why it could not be decoded. */
export type FromWorker =
  | {
      /** JSON of topology, metadata, and the name and shape of each weight. */
      readonly head: string;
      /** The float32 values of each weight, transferred without copying. */
      readonly values: readonly ArrayBuffer[];
    }
  | { readonly failed: { readonly code: ArtifactErrorCode | undefined; readonly message: string } };

/** The part of a `MessagePort` that is used, in browsers and Node. */
export interface DecodingPort {
  onmessage: ((event: { readonly data: never }) => void) | null;
  postMessage(message: unknown, transfer?: readonly unknown[]): void;
  close(): void;
}

/** The part of a browser's `Worker` that is used. */
export interface DecodingWorker {
  onerror: ((reason: never) => unknown) | null;
  postMessage(message: unknown, transfer: never): void;
}

/** The message that starts the decoding of a file. */
export interface StartDecoding {
  readonly port: DecodingPort;
  readonly options: DecodeOptions;
}
