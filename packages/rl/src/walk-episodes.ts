import type { Action, Agent, Environment, StepResult, Transition } from '@tersor/core';

/** What walks one episode at a time. */
export type Walker = Pick<Environment, 'reset' | 'step'>;

/** How an episode has ended: structured-cloneable. */
export interface EpisodeEnd {
  /** Steps that it took. */
  readonly steps: number;
  /** What the last of them gave. */
  readonly result: StepResult;
  /** From the start of the episode. */
  readonly seconds: number;
}

/** An episode that is to be walked. */
export interface EpisodePlan {
  readonly walker: Walker;
  readonly seed: number;
  /** Actions that are given; what is missing the agent chooses. */
  readonly given?: readonly Action[] | undefined;
  /** How it ended when it was walked before: its last step is not carried out again. */
  readonly end?: EpisodeEnd | undefined;
}

/** An episode that the agent has observed, but not learned from. */
export interface WalkedEpisode {
  /** As they were carried out. */
  readonly actions: readonly Action[];
  /** Sum of the rewards. */
  readonly reward: number;
  readonly end: EpisodeEnd;
}

interface Walk {
  readonly lane: number;
  readonly plan: EpisodePlan;
  readonly actions: Action[];
  observation: readonly number[];
  reward: number;
  walked?: WalkedEpisode;
}

/** What a walker gave, or how it failed. */
type Tried<T> = { readonly value: T } | { readonly error: unknown };

async function attempt<T>(work: () => Promise<T>): Promise<Tried<T>> {
  try {
    return { value: await work() };
  } catch (error) {
    return { error };
  }
}

/** The values of all lanes, or the error of the first lane that has one, whichever came first in time. */
function valuesOf<T>(lanes: readonly Tried<T>[]): T[] {
  return lanes.map((tried) => {
    if ('error' in tried) throw tried.error;
    return tried.value;
  });
}

/**
 * Walks episodes at the same time, step by step: in each step the agent acts in one lane after the other,
 * then all carry their actions out, so that the agent is called in the same order however long each
 * takes. Where several walkers fail, the error of the first lane is thrown.
 *
 * @param inLanes whether the agent is told lanes: else there is one plan
 * @param onEnd an episode that was not walked before has ended, while others may still be under way
 */
export async function walkEpisodes(
  agent: Agent,
  plans: readonly EpisodePlan[],
  inLanes: boolean,
  onEnd: (lane: number, end: EpisodeEnd) => Promise<void>,
): Promise<WalkedEpisode[]> {
  const started = performance.now();
  const walks = valuesOf(
    await Promise.all(
      plans.map((plan, lane) =>
        attempt(async (): Promise<Walk> => {
          const { observation } = await plan.walker.reset(plan.seed);
          return { lane, plan, actions: [], observation, reward: 0 };
        }),
      ),
    ),
  );
  const propose = ({ lane, plan: { given }, actions, observation }: Walk): Action =>
    given?.[actions.length] ?? agent.act(observation, { explore: true, ...(inLanes && { lane }) });
  const carryOut = async ({ lane, plan, actions }: Walk, proposed: Action): Promise<Tried<EpisodeEnd>> => {
    const steps = actions.length + 1;
    if (plan.end?.steps === steps) return { value: plan.end };
    const tried = await attempt(() => plan.walker.step(proposed));
    if ('error' in tried) return tried;
    const end = { steps, result: tried.value, seconds: (performance.now() - started) / 1000 };
    // Whoever stops the search here does so at once.
    if (end.result.terminated || end.result.truncated) await onEnd(lane, end);
    return { value: end };
  };
  for (;;) {
    const underWay = walks.filter(({ walked }) => !walked);
    if (underWay.length === 0) return walks.map(({ walked }) => walked!);
    const proposals = underWay.map(propose);
    const ends = valuesOf(await Promise.all(underWay.map((walk, i) => carryOut(walk, proposals[i]!))));
    for (const [i, walk] of underWay.entries()) {
      const { result } = ends[i]!;
      const { terminated, truncated } = result;
      const transition: Transition = {
        observation: walk.observation,
        action: result.info.executed,
        proposed: proposals[i]!,
        reward: result.reward,
        nextObservation: result.observation,
        terminated,
        truncated,
      };
      agent.observe(transition, ...(inLanes ? [walk.lane] : []));
      walk.actions.push(result.info.executed);
      walk.reward += result.reward;
      walk.observation = result.observation;
      if (terminated || truncated)
        walk.walked = { actions: walk.actions, reward: walk.reward, end: ends[i]! };
    }
  }
}
