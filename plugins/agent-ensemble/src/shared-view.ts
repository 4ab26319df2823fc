import { TersorError, type AgentTask, type OtherEpisode } from '@tersor/core';
import type { ActionRange } from '@tersor/rl';
import { stepsOf, withMeans } from './policy-view.js';
import { joined, setPass, type SetNetwork } from './set-network.js';

/** How policies of any network look: each step by what is known of it, not by its place. */
export interface SharedView {
  readonly network: SetNetwork;
  /** What parameters make of policies of this network. */
  valuesOf(parameters: Float32Array, policies: readonly (readonly number[])[]): Float32Array;
  /** The rows of a policy of another network. Throws `CONFIG_INVALID` for steps known by other features. */
  rowsOf(episode: OtherEpisode): Float32Array;
}

/** A step's row: what is known of it, its action, and what that differs from the mean of all steps by. */
export function sharedView(
  hidden: readonly number[],
  features: NonNullable<AgentTask['features']>,
  range: ActionRange,
): SharedView {
  const { size } = range;
  const featureCount = features[0]!.length;
  const last = hidden.at(-1)!;
  const rows = (policy: readonly number[], known: typeof features) =>
    Float32Array.from(withMeans(stepsOf(policy, size)).flatMap((row, step) => [...known[step]!, ...row]));
  const network: SetNetwork = {
    each: { sizes: [featureCount + 2 * size, ...hidden], hidden: 'relu', output: 'relu' },
    whole: { sizes: [last, last, 1], hidden: 'relu', output: 'linear' },
  };
  return {
    network,
    valuesOf: (parameters, policies) => {
      const own = policies.map((policy) => rows(policy, features));
      const lengths = policies.map(() => features.length);
      return setPass(network, parameters, joined(own, lengths)).values;
    },
    rowsOf: (episode) => {
      if (episode.features.some((row) => row.length !== featureCount))
        throw new TersorError(
          'CONFIG_INVALID',
          `The agent "ensemble" gets ${featureCount} features of each step, but an earlier search in another network has ${episode.features[0]!.length}.`,
          { hint: 'Name runs of the same stage, environment and kinds of pruners, or leave them out.' },
        );
      return rows(episode.actions.flatMap(range.toUnit), episode.features);
    },
  };
}
