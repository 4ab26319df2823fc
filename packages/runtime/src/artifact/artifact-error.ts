/**
 * Why a packed file was refused: it is damaged (or not one), it is of a version or feature that this reader
 * does not know, or it is whole but holds weights that are NaN or infinite.
 */
export type ArtifactErrorCode = 'ARTIFACT_CORRUPT' | 'ARTIFACT_UNSUPPORTED' | 'WEIGHTS_NOT_FINITE';

/**
 * The only error that decoding throws, whatever the bytes are. Codes and meaning are those of Tersor's error
 * list.
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

/** The error for input that only a newer reader knows. */
export function unsupported(message: string): ArtifactError {
  return new ArtifactError('ARTIFACT_UNSUPPORTED', message);
}
