import type { Environment, Evaluation, PruneTask, Transition } from '@tersor/core';
import type { EpisodeRecord } from '@tersor/rl';
import { PLACES, type Stage } from './memory.js';

/** What episodes are repeated with. */
interface Repeating {
  readonly stage: Stage;
  /** An environment like the search's, which measures by asking. */
  createEnvironment(evaluate: PruneTask['evaluate']): Promise<Environment>;
  readonly onNotice?: ((text: string) => void) | undefined;
}

/**
 * Walks episodes of earlier runs again, so that an agent can observe them: candidates are made, but not
 * measured; each is worth what was measured then. An episode whose actions are not carried out as they were
 * is left out, with a notice.
 */
export async function repeatEpisodes(
  records: readonly EpisodeRecord[],
  { stage, createEnvironment, onNotice }: Repeating,
): Promise<Transition[][]> {
  let measures: EpisodeRecord['measures'] = {};
  const environment = await createEnvironment(async (): Promise<Evaluation> => {
    const { accuracy = 0, divergence } = measures;
    return { accuracy, ...(divergence !== undefined && { divergence }) };
  });
  const episodes: Transition[][] = [];
  try {
    for (const record of records) {
      measures = record.measures;
      const transitions = await repeatEpisode(environment, record);
      if (transitions) episodes.push(transitions);
      else
        onNotice?.(
          `${PLACES[stage]}: episode ${record.episode} of an earlier run is left out: its actions are carried out otherwise here.`,
        );
    }
  } finally {
    environment.dispose?.();
  }
  return episodes;
}

async function repeatEpisode(
  environment: Environment,
  { actions, episode }: EpisodeRecord,
): Promise<Transition[] | undefined> {
  let { observation } = await environment.reset(episode);
  const transitions: Transition[] = [];
  for (const action of actions) {
    const { info, reward, observation: next, terminated, truncated } = await environment.step(action);
    const { executed } = info;
    if (executed.some((value, i) => Math.abs(value - action[i]!) > 1e-6)) return undefined;
    transitions.push({
      observation,
      action: executed,
      proposed: action,
      reward,
      nextObservation: next,
      terminated,
      truncated,
    });
    observation = next;
    if (terminated || truncated) break;
  }
  return transitions.at(-1)?.terminated === false ? undefined : transitions;
}
