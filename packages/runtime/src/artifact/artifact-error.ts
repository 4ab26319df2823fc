/**
 * Why a packed file was refused: it is damaged or not a packed file, it needs a newer reader, or its weights
 * are NaN or infinite.
 */
export type ArtifactErrorCode = 'ARTIFACT_CORRUPT' | 'ARTIFACT_UNSUPPORTED' | 'WEIGHTS_NOT_FINITE';

/**
 * The only error that decoding throws, whatever the bytes are. Its codes are those of Tersor's list of
 * errors.
 */
export class ArtifactError extends Error {
  override readonly name = 'ArtifactError';

  constructor(
    readonly code: ArtifactErrorCode,
    message: string,
    options?: { readonly cause?: unknown },
  ) {
    super(message, options);
  }
}

/** The error for damaged input. */
export function corrupt(message: string, cause?: unknown): ArtifactError {
  return new ArtifactError('ARTIFACT_CORRUPT', message, { cause });
}

/** The error for input that needs a newer reader. */
export function unsupported(message: string): ArtifactError {
  return new ArtifactError('ARTIFACT_UNSUPPORTED', message);
}
