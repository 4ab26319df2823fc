/**
 * Why a model cannot be loaded for reasons other than its file: there is no file at the address, tfjs has no
 * backend, the source is of an unsupported kind, or no worker can be started.
 */
export type ModelLoadErrorCode =
  | 'BACKEND_UNAVAILABLE'
  | 'MODEL_NOT_FOUND'
  | 'MODEL_UNSUPPORTED'
  | 'WORKER_UNAVAILABLE';

/** What `loadModel` throws besides `ArtifactError`. Its codes are those of Tersor's list of errors. */
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

/** The error for a source that is not one of bytes, or no longer. */
export function unreadable(what: string, hint: string): ModelLoadError {
  return new ModelLoadError('MODEL_UNSUPPORTED', `A model cannot be read from ${what}.`, { hint });
}
