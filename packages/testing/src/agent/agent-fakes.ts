import * as tf from '@tensorflow/tfjs-core';
import { TersorError, type Action, type Agent, type AgentFactory, type AgentTask } from '@tersor/core';

interface FakeState {
  readonly agent: 'fake';
  random: number;
  steps: number;
}

/**
 * The simplest agent that keeps every promise: it knows that the environment's second number is the answer,
 * and leaves it less and less.
 */
export function correctAgent(task: AgentTask): Agent {
  const { actionSpace: space } = task;
  if (space.type === 'box' && ![...space.low, ...space.high].every(Number.isFinite))
    throw new TersorError('SPACE_UNSUPPORTED', 'The fake needs bounds.');
  let state: FakeState = { agent: 'fake', random: task.seed, steps: 0 };
  const uniform = () => {
    state.random = (Math.imul(state.random, 1664525) + 1013904223) >>> 0;
    return state.random / 2 ** 32;
  };
  const toAction = (share: number): Action =>
    space.type === 'discrete'
      ? [Math.min(space.size - 1, Math.floor(share * space.size))]
      : space.low.map((low, i) => low + share * (space.high[i]! - low));
  return {
    lanes: true,
    act: (observation, { explore }) =>
      toAction(explore && uniform() < 50 / (50 + state.steps) ? uniform() : observation[1]!),
    // Each step counts, and one with an odd reward for more; of any lane, in any order.
    observe: ({ reward }) => void (state.steps += Math.abs(reward) > 2 ? 10 : 1),
    learn: () => ({ steps: state.steps }),
    save: () => ({ ...state }),
    load: (saved) => {
      if ((saved as FakeState | undefined)?.agent !== 'fake')
        throw new TersorError('AGENT_STATE_INVALID', 'Not a state of the fake.');
      state = { ...(saved as FakeState) };
    },
    dispose: () => {
      // Holds nothing.
    },
  };
}

/** Agents that break one promise each, by the name of the case that must catch them. */
export function brokenAgents(): Readonly<Record<string, AgentFactory>> {
  const broken = (change: (good: Agent, task: AgentTask) => Partial<Agent>) => (task: AgentTask) => {
    const good = correctAgent(task);
    return { ...good, ...change(good, task) };
  };
  let made = 0;
  return {
    'acts within the action space': broken((good) => ({
      act: (observation, options) =>
        good.act(observation, options).map((value) => (options.explore ? value * 1.5 : value)),
    })),
    'acts within the action space without exploration': broken((good) => ({
      act: (observation, options) =>
        good.act(observation, options).map((value) => (options.explore ? value : value + 10)),
    })),
    'gives the same actions for the same seed': (task) => correctAgent({ ...task, seed: task.seed + made++ }),
    'gives other actions for another seed': (task) => correctAgent({ ...task, seed: 1 }),
    'repeats its best guess if nothing was learned in between': broken((good) => {
      let guesses = 0;
      return {
        act: (observation, options) => good.act(options.explore ? observation : [0, guesses++ % 2], options),
      };
    }),
    'continues from a saved state as if it had not been interrupted': broken((good, task) => ({
      save: () => ({ ...(good.save() as FakeState), random: task.seed }),
    })),
    'continues from a state that was saved before the first episode': broken((good, task) => {
      let isPrepared = false;
      return {
        prepare: async () => void (isPrepared = true),
        act: (observation, options) =>
          isPrepared
            ? good.act(observation, options)
            : good.act([0, 0], options).map((value) => (task.actionSpace.type === 'box' ? value : 0)),
      };
    }),
    'continues from a saved state with what it learned from other networks': broken((good) => {
      // What it has studied is not in its state.
      let studied = 0;
      return {
        study: (searches) => void (studied = searches.length),
        act: (observation, options) => good.act(studied > 0 ? [0, 0] : observation, options),
      };
    }),
    'takes episodes of earlier runs, and continues from a saved state with them': broken((good) => {
      // It takes what it observes for what follows on its last action, of which a saved state knows nothing.
      let acted = 0;
      let missed = 0;
      return {
        act: (observation, options) => {
          acted++;
          return good.act(missed > 0 ? [0, 0] : observation, options);
        },
        observe: (transition) => {
          if (acted === 0) missed++;
          good.observe(transition);
        },
      };
    }),
    'keeps a saved state unchanged while the agent continues': broken((good) => {
      let held: FakeState | undefined;
      return {
        save: () => (held = good.save() as FakeState),
        observe: (transition) => {
          good.observe(transition);
          if (held) held.steps++;
        },
      };
    }),
    'refuses a state that is not its own with AGENT_STATE_INVALID': broken((good) => ({
      load: (state) => {
        if ((state as FakeState | undefined)?.agent === 'fake') good.load(state);
      },
    })),
    'refuses a space it does not support with SPACE_UNSUPPORTED': (task) =>
      correctAgent(
        task.actionSpace.type === 'box'
          ? {
              ...task,
              actionSpace: {
                type: 'box',
                low: task.actionSpace.low.map((low) => Math.max(low, -9)),
                high: task.actionSpace.high.map((high) => Math.min(high, 9)),
              },
            }
          : task,
      ),
    'learns from the action that was carried out': broken((good) => ({
      // Takes the proposal for what was done: its exploration fades by that.
      observe: (transition) => {
        good.observe(transition);
        if (transition.proposed[0]! > 0.55) good.observe(transition);
      },
    })),
    'expects nothing after the end of an episode': broken((good) => ({
      // Values every observation that comes next, ended or not.
      observe: (transition) => {
        good.observe(transition);
        if (transition.nextObservation[1]! > 0.5) good.observe(transition);
      },
    })),
    'learns the same in whatever order its lanes arrive': broken((good) => {
      // What it draws next depends on which lane came last.
      let last: number | undefined;
      return {
        observe: (transition, lane) => {
          good.observe(transition);
          last = lane;
        },
        learn: (lane) => {
          for (let i = 0; lane === 0 && i < last!; i++) good.act([0, 0], { explore: true });
          return good.learn();
        },
      };
    }),
    'continues in lanes from a saved state as if it had not been interrupted': broken((good) => {
      // What it counts of the lanes beyond the first is not in its state.
      let others = 0;
      return {
        observe: (transition, lane = 0) => {
          good.observe(transition);
          if (lane > 0) others++;
        },
        act: (observation, options) => {
          if ((options.lane ?? 0) > 0 && others > 10) good.act(observation, options);
          return good.act(observation, options);
        },
      };
    }),
    'learns from the episode of every lane': broken((good) => ({
      // Forgets the candidates of all lanes but the first.
      observe: (transition, lane = 0) => {
        if (lane === 0) good.observe(transition);
      },
    })),
    'leaves no tensors behind in 200 steps': broken((good) => ({
      act: (observation, options) => {
        tf.scalar(observation[0]!);
        return good.act(observation, options);
      },
    })),
    'learns the identity environment': broken((good) => ({
      act: (_observation, options) => good.act([0, 0], options),
    })),
  };
}
