import type { ArtifactErrorCode } from '../artifact/artifact-error.js';
import type { DecodeOptions } from '../artifact/decode-artifact.js';

/** What the page sends over the port of one file: its bytes as they arrive, then that there are no more. */
export type ToWorker = { readonly chunk: Uint8Array } | { readonly ended: true };

/** What the worker sends back: what it decoded, or why it could not. */
export type FromWorker =
  | {
      /** JSON of topology, metadata, and name and shape of each weight. */
      readonly head: string;
      /** The float32 values of each weight, moved, not copied. */
      readonly values: readonly ArrayBuffer[];
    }
  | { readonly failed: { readonly code: ArtifactErrorCode | undefined; readonly message: string } };

/** What is used of a `MessagePort`, of browsers or of Node. */
export interface DecodingPort {
  onmessage: ((event: { readonly data: never }) => void) | null;
  postMessage(message: unknown, transfer?: readonly unknown[]): void;
  close(): void;
}

/** What is used of a browser's `Worker`, which is one. */
export interface DecodingWorker {
  onerror: ((reason: never) => unknown) | null;
  postMessage(message: unknown, transfer: never): void;
}

/** The message that starts the decoding of a file. */
export interface StartDecoding {
  readonly port: DecodingPort;
  readonly options: DecodeOptions;
}
