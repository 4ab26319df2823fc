import { TersorError, type Action, type AgentTask, type OtherEpisode } from '@tersor/core';
import type { ActionRange } from '@tersor/rl';
import type { EnsembleOptions } from './ensemble-options.js';
import { joined } from './known-value.js';
import type { Policies, SetNetwork } from './set-network.js';

/** How critics see policies, which are the actions of all steps, one after the other, in the unit cube. */
export interface PolicyView {
  readonly network: SetNetwork;
  policiesOf(policies: readonly (readonly number[])[]): Policies;
  /** The rows of one policy. */
  ownRows(policy: readonly number[]): Float32Array;
  /** The rows of a policy of another network. Throws `CONFIG_INVALID` for steps known by other features. */
  rowsOf(episode: OtherEpisode): Float32Array;
  actionsOf(policy: readonly number[]): Action[];
}

/**
 * Without `shared` a policy is one row of all its actions, from -1 to 1. With it each step has a row: what is
 * known of the step, its action, and what that differs from the mean of all steps by, which is what counts
 * where a common shift makes up for the rest.
 */
export function policyView(
  { hidden, shared, guesses }: Pick<EnsembleOptions, 'hidden' | 'shared' | 'guesses'>,
  { features, guess, maxSteps }: Pick<AgentTask, 'features' | 'guess' | 'maxSteps'>,
  range: ActionRange,
): PolicyView {
  const { size } = range;
  const lacking = shared && !features ? 'shared' : guesses > 0 && !guess ? 'guesses' : undefined;
  if (lacking)
    throw new TersorError(
      'CONFIG_INVALID',
      `The agent "ensemble" cannot use "${lacking}" here: the environment gives no features of its steps.`,
      { hint: 'Use the environment "residual", or leave the option out.' },
    );
  if (guesses > 0 && !shared)
    throw new TersorError('CONFIG_INVALID', 'The agent "ensemble" takes "guesses" only with "shared".', {
      hint: 'Add "shared: true", or leave "guesses" out.',
    });
  const stepsOf = (policy: readonly number[]) =>
    Array.from({ length: policy.length / size }, (_, step) => policy.slice(step * size, (step + 1) * size));
  const rows = (policy: readonly number[], known: NonNullable<AgentTask['features']>): Float32Array => {
    const actions = stepsOf(policy).map((step) => step.map((value) => 2 * value - 1));
    const means = Array.from(
      { length: size },
      (_, i) => actions.reduce((sum, action) => sum + action[i]!, 0) / actions.length,
    );
    return Float32Array.from(
      actions.flatMap((action, step) => [
        ...known[step]!,
        ...action,
        ...action.map((value, i) => value - means[i]!),
      ]),
    );
  };
  const actionsOf = (policy: readonly number[]) => stepsOf(policy).map((step) => range.toAction(step));
  if (!shared) {
    const flat = (policy: readonly number[]) => Float32Array.from(policy, (value) => 2 * value - 1);
    return {
      network: { whole: { sizes: [maxSteps * size, ...hidden, 1], hidden: 'tanh', output: 'linear' } },
      policiesOf: (policies) => ({
        input: Float32Array.from(policies.flat(), (value) => 2 * value - 1),
        lengths: policies.map(() => 1),
      }),
      ownRows: flat,
      rowsOf: ({ actions }) => flat(actions.flatMap(range.toUnit)),
      actionsOf,
    };
  }
  const featureCount = features![0]!.length;
  const last = hidden.at(-1)!;
  const ownRows = (policy: readonly number[]) => rows(policy, features!);
  return {
    network: {
      each: { sizes: [featureCount + 2 * size, ...hidden], hidden: 'tanh', output: 'tanh' },
      whole: { sizes: [last, last, 1], hidden: 'tanh', output: 'linear' },
    },
    policiesOf: (policies) =>
      joined(
        policies.map(ownRows),
        policies.map(() => maxSteps),
      ),
    ownRows,
    rowsOf: (episode) => {
      if (episode.features.some((row) => row.length !== featureCount))
        throw new TersorError(
          'CONFIG_INVALID',
          `The agent "ensemble" gets ${featureCount} features of each step, but an earlier search in another network has ${episode.features[0]!.length}.`,
          { hint: 'Name runs of the same stage, environment and kinds of pruners, or leave them out.' },
        );
      return rows(episode.actions.flatMap(range.toUnit), episode.features);
    },
    actionsOf,
  };
}
