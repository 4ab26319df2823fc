import { TersorError } from '@tersor/core';

/** The error for a file that is not what an ONNX file must be. */
export function damaged(reason: string, cause?: unknown): TersorError {
  return new TersorError('MODEL_INVALID', `It is not a readable ONNX file: ${reason}`, {
    cause,
    hint: 'Export the network again (torch.onnx.export), or check the file with onnx.checker.check_model.',
  });
}
