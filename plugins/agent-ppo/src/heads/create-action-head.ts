import { TersorError, type Space } from '@tersor/core';
import { isBounded } from '@tersor/rl';
import type { ActionHead } from './action-head.js';
import { createCategoricalHead } from './categorical-head.js';
import { createGaussianHead } from './gaussian-head.js';

/**
 * A Gaussian for a bounded box, a categorical distribution for a discrete space. Throws `SPACE_UNSUPPORTED`
 * for any other.
 */
export function createActionHead(
  space: Space,
  { sigma, squash }: { readonly sigma: number; readonly squash: boolean },
): ActionHead {
  if (space.type === 'discrete' && space.size > 0) return createCategoricalHead(space.size);
  if (space.type === 'box' && isBounded(space)) return createGaussianHead(space, sigma, squash);
  throw new TersorError(
    'SPACE_UNSUPPORTED',
    `The agent "ppo" needs a bounded box or a discrete space of actions, but the space is ${space.type === 'box' ? 'an unbounded or empty box' : 'empty'}.`,
    {
      hint: 'Give every coordinate of the action space a finite range.',
    },
  );
}
