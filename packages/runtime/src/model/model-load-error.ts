/**
 * Why a model cannot be loaded though its file may be whole: there is no file at the address, tfjs has no
 * backend, the source is of no kind that can be read, or no worker can be started.
 */
export type ModelLoadErrorCode =
  | 'BACKEND_UNAVAILABLE'
  | 'MODEL_NOT_FOUND'
  | 'MODEL_UNSUPPORTED'
  | 'WORKER_UNAVAILABLE';

/** What `loadModel` throws beside `ArtifactError`. Codes and meaning are those of Tersor's error list. */
export class ModelLoadError extends Error {
  override readonly name = 'ModelLoadError';
  /** What to do about it. */
  readonly hint: string | undefined;

  constructor(
    readonly code: ModelLoadErrorCode,
    message: string,
    options: { readonly hint?: string; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.hint = options.hint;
  }
}
