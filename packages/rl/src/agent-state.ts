import { TersorError } from '@tersor/core';

/** What was saved by `sealState`: which agent, for which spaces and networks, and its contents. */
interface SealedState {
  readonly agent: string;
  readonly signature: string;
  readonly content: unknown;
}

/**
 * Marks an agent's saved state with what it fits: the agent's name and whatever its shape depends on (spaces,
 * layer sizes).
 */
export function sealState(agent: string, fits: unknown, content: unknown): unknown {
  return { agent, signature: JSON.stringify(fits), content } satisfies SealedState;
}

/**
 * The contents of a state that `sealState` marked the same way. Throws `AGENT_STATE_INVALID` for any other.
 */
export function openState<Content>(agent: string, fits: unknown, state: unknown): Content {
  const sealed = (typeof state === 'object' && state !== null ? state : {}) as Partial<SealedState>;
  if (sealed.agent !== agent) {
    throw new TersorError(
      'AGENT_STATE_INVALID',
      `The saved state is of ${sealed.agent === undefined ? 'no agent' : `the agent "${sealed.agent}"`}, not of "${agent}".`,
      {
        hint: 'Resume with the agent that the search was started with.',
      },
    );
  }
  if (sealed.signature !== JSON.stringify(fits)) {
    throw new TersorError(
      'AGENT_STATE_INVALID',
      `The saved state of the agent "${agent}" is for other spaces or networks.`,
      {
        hint: 'Resume with the options and the model that the search was started with.',
      },
    );
  }
  return sealed.content as Content;
}
