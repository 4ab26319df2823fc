import { TersorError } from '@tersor/core';
import { z } from 'zod';

/** The option `validation` of data sets whose files have a training part and a test part. */
export const heldOut = z
  .int()
  .min(0)
  .optional()
  .describe(
    'Training images held out for validation: the last ones, or as many of each class where the file is sorted by class. A tenth when absent.',
  );

/**
 * Throws `DATASET_INVALID` when the images to hold out leave none to train on.
 * @param total training images, those to hold out included
 * @param subject what the message begins with
 */
export function requireValidation(count: number, total: number, subject = ''): void {
  if (count < total) return;
  const found = count > total ? `there are only ${total} training images` : 'that is all training images';
  throw new TersorError(
    'DATASET_INVALID',
    `${subject}${count} validation images were requested, but ${found}.`,
    {
      hint: `Set "dataset.validation" to 0 to ${total - 1}: this many of the ${total} training images are held out.`,
    },
  );
}
