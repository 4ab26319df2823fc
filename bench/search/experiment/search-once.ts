// One search of the experiment: an agent or a peer, then confirmation on images that it has not seen.
import { TOKENS, type Environment, type OtherEpisode } from '@tersor/core';
import { search, type EpisodeRecord } from '@tersor/rl';
import { confirmBest } from '../../../packages/compression/src/search/confirm.js';
import { policyDigest } from '../../../packages/compression/src/search/policy-digest.js';
import { HEURISTICS, PEERS, weightsOf, type Arm } from './arms.js';
import type { OpenTask } from './open-task.js';
import { searchWithPeer, type PeerName } from './peer.js';

export interface Found {
  /** Best reward so far after each evaluation. */
  readonly best: readonly number[];
  /** Accuracy of the confirmed winner on the images of the search, of confirmation, and of the test. */
  readonly winner: { readonly search: number; readonly confirm: number; readonly test: number };
  /** Test accuracy of the search's own best, which would have won without confirmation. */
  readonly unconfirmed: number;
  /** The winner is the policy of the heuristic. */
  readonly isHeuristic: boolean;
  readonly seconds: number;
  /** What is known of each step before, and all episodes, around the heuristic: to learn from elsewhere. */
  readonly features?: OtherEpisode['features'];
  readonly episodes?: readonly Omit<OtherEpisode, 'features'>[];
}

interface Settings {
  readonly evaluations: number;
  readonly confirm: number;
  readonly reward: string;
  readonly seed: number;
  /** Program that runs peers. */
  readonly python: string;
  /** Searches in other networks that the agent learns from first. */
  readonly others: readonly (readonly OtherEpisode[])[];
}

export async function searchOnce(
  task: OpenTask,
  { agent, environment: kind }: Arm,
  { evaluations, confirm, reward, seed, python, others }: Settings,
): Promise<Found> {
  const started = performance.now();
  const plain = task.host.has(TOKENS.environment, 'pruning') ? 'pruning' : 'bit-width';
  const id = kind === 'plain' ? plain : kind;
  const weights = weightsOf(agent);
  const walk = await task.environment(id, 'search', reward, weights);
  const isHeuristic = HEURISTICS.includes(agent);
  const warmStart = [isHeuristic ? agent.split(', ')[0]! : 'reconstruction'];
  const episodes = isHeuristic ? 1 : evaluations;
  const records: EpisodeRecord[] = [];
  if (PEERS.includes(agent))
    records.push(
      ...(await searchWithPeer(walk, { peer: agent as PeerName, warmStart, episodes, seed, python })),
    );
  else {
    const createAgent = await task.host.get(TOKENS.agent, isHeuristic ? 'random' : agent);
    await search({
      agent: createAgent({ ...walk, episodes, seed }),
      environment: walk,
      episodes,
      seed,
      warmStart,
      others,
      hooks: { onEpisode: (record) => void records.push(record) },
    });
  }
  const confirming = await task.environment(id, 'confirm', reward, weights);
  const [first] = await confirmBest({ records, candidates: confirm, environment: confirming, seed });
  const winner = first!.record;
  const best = records.reduce((most, each) => (each.reward > most.reward ? each : most));
  const testing = await task.environment(id, 'test', reward, weights);
  const accuracyIn = async (environment: Environment, { actions, episode }: EpisodeRecord) => {
    await environment.reset(seed + episode - 1);
    let measures: EpisodeRecord['measures'] = {};
    for (const action of actions) measures = (await environment.step(action)).info.measures ?? measures;
    return measures['accuracy']!;
  };
  return {
    best: records.map((_, i) => Math.max(...records.slice(0, i + 1).map((each) => each.reward))),
    winner: {
      search: winner.measures['accuracy']!,
      confirm: await accuracyIn(confirming, winner),
      test: await accuracyIn(testing, winner),
    },
    unconfirmed: await accuracyIn(testing, best),
    isHeuristic: policyDigest(winner.policy) === policyDigest(records[0]!.policy),
    seconds: Math.round((performance.now() - started) / 1000),
    ...(walk.features &&
      !isHeuristic && {
        features: walk.features.map(rounded),
        episodes: records.map(({ actions, reward: value }) => ({
          actions: actions.map((action) => rounded(action)),
          reward: value,
        })),
      }),
  };
}

const rounded = (values: readonly number[]) => values.map((value) => Math.round(value * 1e4) / 1e4);
