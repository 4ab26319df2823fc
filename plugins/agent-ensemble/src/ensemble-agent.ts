import {
  createRandom,
  type Action,
  type Agent,
  type AgentTask,
  type LearnStatistics,
  type OtherEpisode,
} from '@tersor/core';
import {
  createActionRange,
  openState,
  relativeWorth,
  requireBox,
  sealState,
  withLane,
  withoutLane,
  type Lanes,
} from '@tersor/rl';
import { copyCritic, createCritics, predict, trainCritic, type Critic } from './critics.js';
import type { EnsembleOptions } from './ensemble-options.js';
import { createFirstNew } from './first-new.js';
import { learnKnownValue, type Lesson } from './known-value.js';
import { policyView } from './policy-view.js';
import { setPass } from './set-network.js';

/** A policy as it was carried out, and what it got. */
interface Episode {
  /** The actions of all steps, one after the other, in the unit cube. */
  readonly policy: readonly number[];
  readonly reward: number;
  /** Which critics learn from it. */
  readonly critics: readonly boolean[];
}

/** An episode under way. */
interface Walk {
  readonly proposal: readonly number[] | undefined;
  readonly steps: readonly { readonly action: Action; readonly reward: number }[];
}

/** So many policies near the best one are drawn before the critics choose, until one is new. */
const NEARBY = 20;

const NOTHING: Walk = { proposal: undefined, steps: [] };

/** What changes besides the critics; replaced, never written to. */
interface Progress {
  readonly episodes: readonly Episode[];
  readonly underWay: Lanes<Walk>;
  /** Policies that the critics have chosen so far. */
  readonly chosen: number;
}

interface EnsembleState {
  readonly critics: readonly Critic[];
  readonly random: number;
  readonly progress: Progress;
  /** Parameters of what was known before the first episode. */
  readonly known?: Float32Array | undefined;
}

/**
 * Bootstrapped critics over whole policies with Thompson sampling: each critic learns what reward a policy
 * gets, from its own share of the episodes and on top of a random prior; the next policy is that among many
 * around the best ones of which one critic expects most. It looks at no observation, but with `shared` at
 * what is known of the steps before; critics then have the same parameters for all steps, and may begin with
 * what guesses of the environment and searches in other networks have taught. Throws `SPACE_UNSUPPORTED`
 * unless the actions are a bounded box, and `CONFIG_INVALID` for `shared` and `guesses` in an environment
 * that does not know its steps.
 */
export function createEnsembleAgent(options: EnsembleOptions, task: AgentTask): Agent {
  const range = createActionRange(requireBox('ensemble', task.actionSpace));
  const length = task.maxSteps * range.size;
  const view = policyView(options, task, range);
  const { network } = view;
  const firstNew = createFirstNew(task.policyOf, view.actionsOf);
  const signature = [network.each ? network : network.whole, options.critics, task.actionSpace];
  const random = createRandom(task.seed, 'ensemble');
  let critics = createCritics(network, options.critics, task.seed);
  let progress: Progress = { episodes: [], underWay: new Map(), chosen: 0 };
  let studied: readonly Lesson[] = [];
  let known: Float32Array | undefined;

  const walkOf = (lane: number) => progress.underWay.get(lane) ?? NOTHING;
  const update = (lane: number, changes: Partial<Walk>) => {
    progress = { ...progress, underWay: withLane(progress.underWay, lane, { ...walkOf(lane), ...changes }) };
  };
  /** Those of all episodes, and of those under way. */
  const triedPolicies = () => [
    ...progress.episodes.map(({ policy }) => policy),
    ...[...progress.underWay.values()].flatMap(({ proposal }) => (proposal ? [proposal] : [])),
  ];
  const middle = () => Array<number>(length).fill(0.5);
  /** The episodes with the highest rewards, the best first. */
  const bestEpisodes = (count: number) =>
    [...progress.episodes].sort((a, b) => b.reward - a.reward).slice(0, count);
  const around = (policy: readonly number[], deviation: number) =>
    policy.map((value) => reflect(value + deviation * random.normal()));

  /** The candidate that a critic, or all of them on average, expect most of. */
  const choose = (): readonly number[] => {
    const parents = bestEpisodes(options.parents);
    const candidates = Array.from({ length: options.candidates }, () =>
      around(parents[random.integer(parents.length)]!.policy, options.sigma / 2 ** random.integer(3)),
    );
    // Two of three times one critic alone decides (Thompson), the third time their mean.
    const one = random.integer(critics.length);
    const voters = progress.chosen % 3 === 2 ? critics : [critics[one]!];
    progress = { ...progress, chosen: progress.chosen + 1 };
    const policies = view.policiesOf(candidates);
    const values = new Float64Array(candidates.length);
    for (const critic of voters)
      predict(network, critic, policies, options.prior).forEach(
        (value, i) => (values[i] = values[i]! + value),
      );
    if (known)
      setPass(network, known, policies).values.forEach(
        (value, i) => (values[i] = values[i]! + voters.length * value),
      );
    const order = [...candidates.keys()].sort((a, b) => values[b]! - values[a]! || a - b);
    return firstNew(
      order.map((i) => candidates[i]!),
      triedPolicies(),
    );
  };
  const nearby = function* (policy: readonly number[]) {
    for (let i = 0; i < NEARBY; i++) yield around(policy, options.sigma);
  };
  /** Episodes before the critics choose: where something was known before, but the first. */
  const initial = () => (known ? 1 : options.initial);
  const propose = (lane: number): readonly number[] => {
    const known = walkOf(lane).proposal;
    if (known) return known;
    const episode = progress.episodes.length + lane;
    const base = bestEpisodes(1)[0]?.policy ?? middle();
    const isInitial = episode < initial() || progress.episodes.length === 0;
    const proposal = episode === 0 ? base : isInitial ? firstNew(nearby(base), triedPolicies()) : choose();
    update(lane, { proposal });
    return proposal;
  };

  /** Policies around the middle, near and far, by what the environment makes of them unmeasured. */
  const guessed = (): Lesson[] => {
    if (options.guesses === 0) return [];
    const stream = createRandom(task.seed, 'ensemble guesses');
    const policies = Array.from({ length: options.guesses }, () => {
      const deviation = (2 * options.sigma) / 2 ** stream.integer(4);
      return middle().map((value) => reflect(value + deviation * stream.normal()));
    });
    const worth = policies.map((policy) => task.guess!(view.actionsOf(policy)));
    return [{ policies: policies.map(view.ownRows), steps: task.maxSteps, targets: targetsOf(worth) }];
  };

  const train = (): LearnStatistics => {
    const { episodes } = progress;
    const rewards = targetsOf(episodes.map(({ reward }) => reward));
    const all = known && setPass(network, known, view.policiesOf(episodes.map(({ policy }) => policy)));
    const targets = rewards.map((target, i) => target - (all?.values[i] ?? 0));
    // A saved state stays as it was.
    critics = critics.map(copyCritic);
    const losses = critics.flatMap((critic, index) => {
      const own = [...episodes.keys()].filter((i) => episodes[i]!.critics[index]);
      if (own.length === 0) return [];
      const policies = view.policiesOf(own.map((i) => episodes[i]!.policy));
      return [trainCritic(network, critic, { policies, targets: own.map((i) => targets[i]!) }, options)];
    });
    const last = view.policiesOf([episodes.at(-1)!.policy]);
    const expected = critics.map((critic) => predict(network, critic, last, options.prior)[0]!);
    return { criticLoss: mean(losses), disagreement: deviation(expected) };
  };

  return {
    lanes: true,
    act: (_observation, { explore, lane = 0 }) => {
      const policy = explore ? propose(lane) : (bestEpisodes(1)[0]?.policy ?? middle());
      const at = Math.min(walkOf(lane).steps.length, task.maxSteps - 1) * range.size;
      return range.toAction(policy.slice(at, at + range.size));
    },
    observe: ({ action, reward }, lane = 0) =>
      update(lane, { steps: [...walkOf(lane).steps, { action, reward }] }),
    learn: (lane = 0) => {
      const { steps } = walkOf(lane);
      const units = steps.flatMap(({ action }) => range.toUnit(action));
      const episode: Episode = {
        // Of steps that an episode has ended before, the middle says least.
        policy: [...units, ...middle().slice(units.length)],
        reward: steps.reduce((sum, step) => sum + step.reward, 0),
        critics: critics.map(() => random.uniform() < options.mask),
      };
      progress = {
        ...progress,
        episodes: [...progress.episodes, episode],
        underWay: withoutLane(progress.underWay, lane),
      };
      return progress.episodes.length < initial() ? {} : train();
    },
    ...(options.shared && {
      study: (searches: readonly (readonly OtherEpisode[])[]) => {
        studied = searches.map((episodes) => ({
          policies: episodes.map(view.rowsOf),
          steps: episodes[0]!.actions.length,
          targets: targetsOf(episodes.map(({ reward }) => reward)),
        }));
      },
      prepare: async () => {
        const lessons = [...studied, ...guessed()];
        if (lessons.length > 0)
          known = learnKnownValue(network, lessons, createRandom(task.seed, 'ensemble known'));
      },
    }),
    save: () =>
      sealState('ensemble', signature, {
        critics,
        random: random.save(),
        progress,
        ...(known && { known }),
      } satisfies EnsembleState),
    load: (state) => {
      const saved = structuredClone(openState<EnsembleState>('ensemble', signature, state));
      critics = [...saved.critics];
      random.load(saved.random);
      progress = saved.progress;
      known = saved.known;
    },
    dispose: () => {
      // Nothing is held outside of the garbage collector's reach.
    },
  };
}

/** What the critics learn of rewards. */
function targetsOf(rewards: readonly number[]): number[] {
  return rewards.map(relativeWorth(rewards));
}

/** Into the unit cube; clamping would pile policies up on its sides. */
function reflect(value: number): number {
  const reflected = value < 0 ? -value : value > 1 ? 2 - value : value;
  return Math.min(1, Math.max(0, reflected));
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function deviation(values: readonly number[]): number {
  const center = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - center) ** 2)));
}
