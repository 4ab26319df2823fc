import type { Environment } from '@tersor/core';
import type { EpisodeRecord } from '@tersor/rl';
import { policyDigest } from './policy-digest.js';

/** A candidate of the search that was measured once more, and its reward on the other images. */
export interface Confirmed {
  readonly record: EpisodeRecord;
  readonly reward: number;
}

interface Confirming {
  /** Episodes of the search. */
  readonly records: readonly EpisodeRecord[];
  /** So many of the best different policies are measured again. */
  readonly candidates: number;
  /** An environment like the search's, which measures on other images. */
  readonly environment: Environment;
  /** Of the search: an episode is repeated with its own. */
  readonly seed: number;
  readonly onNotice?: ((text: string) => void) | undefined;
}

/**
 * Repeats the best few episodes of a search on other images, best first: the first has the highest reward
 * there, of equal ones the highest in the search. The best of many measurements on the same images is partly
 * the luckiest; on new images luck starts anew. An environment that makes another policy of the same actions
 * cannot be asked again: such an episode is left out with a notice.
 */
export async function confirmBest({
  records,
  candidates,
  environment,
  seed,
  onNotice,
}: Confirming): Promise<Confirmed[]> {
  const byReward = [...records].sort((a, b) => b.reward - a.reward || a.episode - b.episode);
  const different = new Map<string, EpisodeRecord>();
  for (const record of byReward) {
    const digest = policyDigest(record.policy);
    if (!different.has(digest)) different.set(digest, record);
  }
  const confirmed: Confirmed[] = [];
  for (const [digest, record] of [...different].slice(0, candidates)) {
    const { reward, policy } = await repeat(environment, record, seed);
    if (policyDigest(policy) === digest) confirmed.push({ record, reward });
    else
      onNotice?.(
        `Episode ${record.episode} cannot be confirmed: the environment made another policy of its actions.`,
      );
  }
  return confirmed.sort((a, b) => b.reward - a.reward || b.record.reward - a.record.reward);
}

async function repeat(
  environment: Environment,
  { actions, episode }: EpisodeRecord,
  seed: number,
): Promise<{ reward: number; policy: unknown }> {
  await environment.reset(seed + episode - 1);
  let reward = 0;
  let policy: unknown;
  for (const action of actions) {
    const { reward: gained, info, terminated, truncated } = await environment.step(action);
    reward += gained;
    policy = info.policy;
    if (terminated || truncated) break;
  }
  return { reward, policy };
}
