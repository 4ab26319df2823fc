import { generalizedAdvantages } from '@tersor/rl';
import type { CollectedStep } from './ppo-loss.js';
import type { PlayedEpisode } from './ppo-state.js';

interface Judging {
  /** The present critic's value of a state. */
  valueOf(seen: readonly number[]): number;
  /** Of a sample, under the present policy. */
  logProbabilityOf(seen: readonly number[], sample: readonly number[]): number;
  readonly gamma: number;
  readonly lambda: number;
}

/**
 * Steps of earlier policies, as a training of the present one sees them: their values and advantages are
 * those of the present critic, and their ratios may move around what they are now (`anchor`), as in
 * generalized PPO (Queeney, Paschalidis and Cassandras 2021). The paper corrects advantages by
 * V-trace; here they are taken as if the present policy had played the episodes.
 */
export function judgedAnew(
  episodes: readonly PlayedEpisode[],
  { valueOf, logProbabilityOf, gamma, lambda }: Judging,
): CollectedStep[] {
  return episodes.flatMap(({ steps, last }) => {
    const values = steps.map(({ observation }) => valueOf(observation));
    const rewards = steps.map(({ reward }) => reward);
    const lastValue = last ? valueOf(last) : 0;
    const advantages = generalizedAdvantages({ rewards, values, lastValue }, gamma, lambda);
    return steps.map(({ observation, sample, logProbability }, i) => ({
      observation,
      sample,
      logProbability,
      anchor: logProbabilityOf(observation, sample),
      value: values[i]!,
      advantage: advantages[i]!,
      returns: advantages[i]! + values[i]!,
    }));
  });
}
