import { join } from 'node:path';
import {
  givenPolicy,
  readPolicy,
  type BitPolicy,
  type GivenPolicy,
  type Policy,
  type QuantizePolicy,
} from '@tersor/compression';
import { TersorError, type PrunePlan } from '@tersor/core';
import { folderPlace, readEpisodes, type EpisodeLine } from '@tersor/study';

/** A candidate of a search that is applied instead of the winner. */
export interface ChosenEpisode {
  readonly episode: number;
  /** Stage of the episode; by default stage 1, if the run has one. */
  readonly stage?: 'prune' | 'quantize' | undefined;
}

/**
 * The policy in a run's folder, with one stage replaced by the choice of an episode of its search. Throws
 * `POLICY_INVALID` if there is no such episode.
 */
export async function episodePolicy(folder: string, chosen: ChosenEpisode): Promise<GivenPolicy> {
  const winner = await readPolicy(join(folder, 'policy.json'));
  const lines = await readEpisodes(folderPlace(folder));
  if (lines.length === 0)
    throw new TersorError(
      'POLICY_INVALID',
      `${folder} has no candidates: its episodes.jsonl is missing or empty.`,
      {
        hint: 'Give the output folder of a `tersor compress` that searched.',
      },
    );
  const stage = chosen.stage ?? (lines.some((line) => line.stage === 'prune') ? 'prune' : 'quantize');
  const ofStage = lines.filter((line) => line.stage === stage);
  const last = Math.max(...ofStage.map(({ round = 1 }) => round));
  const found = ofStage.find(({ episode, round = 1 }) => round === last && episode === chosen.episode);
  if (!found)
    throw new TersorError(
      'POLICY_INVALID',
      `${folder} has no episode ${chosen.episode} of the stage "${stage}".`,
      {
        hint:
          ofStage.length === 0
            ? 'Give the output folder of a `tersor compress` that searched.'
            : `It has ${ofStage.filter(({ round = 1 }) => round === last).length}; --stage chooses the other stage.`,
      },
    );
  const source = `${folder}, episode ${found.episode} of ${stage}`;
  return { ...givenPolicy(withStage(winner.policy, stage, found), source), ...ofOrigin(winner) };
}

function withStage(winner: Policy, stage: 'prune' | 'quantize', { policy }: EpisodeLine): Policy {
  const { prune, pruneRounds, quantize, activations } = winner;
  if (stage === 'quantize') {
    const bits = policy as BitPolicy | QuantizePolicy;
    const own = isWhole(bits) ? bits : { weights: bits };
    return {
      ...(prune && { prune }),
      ...(pruneRounds && { pruneRounds }),
      quantize: own.weights,
      ...(own.activations && { activations: own.activations }),
    };
  }
  const plan = policy as PrunePlan;
  return {
    // The episode was found after the earlier rounds, so they stay.
    ...(pruneRounds ? { pruneRounds: [...pruneRounds.slice(0, -1), plan] } : { prune: plan }),
    ...(quantize && { quantize }),
    ...(activations && { activations }),
  };
}

function isWhole(bits: BitPolicy | QuantizePolicy): bits is QuantizePolicy {
  return typeof bits['weights'] === 'object';
}

function ofOrigin({ madeFor, foundWith }: GivenPolicy): Pick<GivenPolicy, 'madeFor' | 'foundWith'> {
  return { ...(madeFor && { madeFor }), ...(foundWith && { foundWith }) };
}
