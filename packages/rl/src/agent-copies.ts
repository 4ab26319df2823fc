import {
  createRandom,
  type Agent,
  type AgentFactory,
  type AgentTask,
  type OtherEpisode,
  type Transition,
} from '@tersor/core';
import { openState, sealState } from './agent-state.js';

/**
 * An agent with `lanes` made of one without: a copy for each lane, with a seed of its own. Each copy
 * learns from its own episode first, then from those of the others, in the order of lanes, as from warm
 * starts. What a batch costs to learn so grows with the square of the lanes; an agent that knows lanes
 * does without.
 *
 * @param count lanes
 */
export function createAgentCopies(make: AgentFactory, task: AgentTask, count: number): Agent {
  const copies = Array.from({ length: count }, (_, lane) =>
    make(lane === 0 ? task : { ...task, seed: createRandom(task.seed, `copy ${lane}`).integer(2 ** 31) }),
  );
  const signature = [count, task.actionSpace];
  const episodes = new Map<number, Transition[]>();
  const statistics = new Map<number, ReturnType<Agent['learn']>>();
  const learnFromAll = () => {
    const lanes = [...episodes.keys()].sort((a, b) => a - b);
    for (const lane of lanes) statistics.set(lane, copies[lane]!.learn());
    copies.forEach((copy, own) => {
      for (const lane of lanes) {
        if (lane === own) continue;
        for (const transition of episodes.get(lane)!) copy.observe(transition);
        copy.learn();
      }
    });
    episodes.clear();
  };
  return {
    lanes: true,
    learnsFrom: copies[0]!.learnsFrom ?? 'action',
    hasOwnStart: copies[0]!.hasOwnStart ?? false,
    act: (observation, { explore, lane = 0 }) => copies[lane]!.act(observation, { explore }),
    observe: (transition, lane = 0) => {
      if (!episodes.has(lane)) episodes.set(lane, []);
      episodes.get(lane)!.push(transition);
      copies[lane]!.observe(transition);
    },
    learn: (lane = 0) => {
      // The first lane of a batch: all its episodes have ended.
      if (episodes.size > 0) learnFromAll();
      return statistics.get(lane) ?? {};
    },
    save: () =>
      sealState(
        'copies',
        signature,
        copies.map((copy) => copy.save()),
      ),
    load: (state) => {
      const states = openState<readonly unknown[]>('copies', signature, state);
      copies.forEach((copy, lane) => copy.load(states[lane]));
    },
    ...(copies[0]!.study && {
      study: (searches: readonly (readonly OtherEpisode[])[]) =>
        copies.forEach((copy) => copy.study!(searches)),
    }),
    prepare: async () => {
      for (const copy of copies) await copy.prepare?.();
    },
    dispose: () => copies.forEach((copy) => copy.dispose()),
  };
}
