import { TersorError } from '@tersor/core';
import { z } from 'zod';

/** Options of the environment `residual`. */
export const residualOptions = z.strictObject({
  reference: z
    .string()
    .min(1)
    .optional()
    .describe(
      'Heuristic that actions of 0 carry out; when absent "reconstruction" where a pruner or quantizer knows it, else "magnitude".',
    ),
  scale: z
    .number()
    .positive()
    .max(8)
    .default(2)
    .describe('What an action of 1 adds: to the logit of the share of channels, or to the bits.'),
});

export type ResidualOptions = z.output<typeof residualOptions>;

/** What is taken where the config names no reference, the first that is offered. */
const PREFERRED: readonly string[] = ['reconstruction', 'magnitude'];

/**
 * The reference of a stage: the one that was named, or the best that is offered. Throws `CONFIG_INVALID` for
 * one that is not offered, with those that are.
 */
export function referenceName(
  { reference }: Pick<ResidualOptions, 'reference'>,
  offered: readonly string[],
  stage: 'prune' | 'quantize',
): string {
  const name = reference ?? PREFERRED.find((each) => offered.includes(each))!;
  if (offered.includes(name)) return name;
  throw new TersorError(
    'CONFIG_INVALID',
    `${stage}.environment.reference: there is no heuristic "${name}"; offered here: ${offered.join(', ')}.`,
    {
      hint: `Besides uniform and magnitude, there are those that the ${stage === 'prune' ? 'pruner' : 'quantizer'} offers.`,
    },
  );
}
