import {
  createRandom,
  TersorError,
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
import { bestExpected, withNoise } from './candidates.js';
import { copyCritic, createCritics, deviation, predict, trainCritic, type Critic } from './critics.js';
import type { EnsembleOptions } from './ensemble-options.js';
import { createFirstNew } from './first-new.js';
import { guessValue } from './guess-value.js';
import { learnKnownValue, type Lesson } from './known-value.js';
import { policyView } from './policy-view.js';
import { sharedView } from './shared-view.js';

/** A policy as it was carried out, and what it got. */
interface Episode {
  /** The actions of all steps, one after the other, in the unit cube. */
  readonly policy: readonly number[];
  readonly reward: number;
  /** What the environment guesses that it is worth. */
  readonly guess: number;
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

/** Guesses that show how far they lie apart. */
const GUESSES = 200;

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
  /** Parameters of what searches in other networks have taught. */
  readonly known?: Float32Array | undefined;
  /** How far guesses near the middle lie apart; absent where guesses are not used. */
  readonly spread?: number | undefined;
}

/**
 * Bootstrapped critics over whole policies with Thompson sampling: each critic learns what reward a policy
 * gets, from its own share of the episodes and on top of a random prior; the next policy is that among many
 * around the best ones of which one critic expects most. It looks at no observation, but at what a policy
 * changes at each step, where the environment says it. Critics learn what the environment's guesses leave,
 * and with `shared` what searches in other networks leave. Throws `SPACE_UNSUPPORTED` unless the actions are
 * a bounded box, and `CONFIG_INVALID` for `shared` and `guesses` in an environment that knows too little.
 */
export function createEnsembleAgent(options: EnsembleOptions, task: AgentTask): Agent {
  const range = createActionRange(requireBox('ensemble', task.actionSpace));
  requireKnown(options, task);
  const length = task.maxSteps * range.size;
  const guesses = options.guesses ?? (task.guess ? GUESSES : 0);
  const view = policyView(options.hidden, task, range);
  const shared = options.shared ? sharedView(options.hidden, task.features!, range) : undefined;
  const { network } = view;
  const firstNew = createFirstNew(task.policyOf, view.actionsOf);
  const signature = [network, shared?.network, options.critics, task.actionSpace];
  const random = createRandom(task.seed, 'ensemble');
  const middle = () => Array<number>(length).fill(0.5);
  /** Policies around the middle, near and far. */
  const scattered = (count: number, purpose: string): (readonly number[])[] => {
    const stream = createRandom(task.seed, purpose);
    return Array.from({ length: count }, () =>
      withNoise(middle(), (2 * options.sigma) / 2 ** stream.integer(4), stream),
    );
  };
  const around = view.policiesOf(scattered(GUESSES, 'ensemble scales'));
  let critics = createCritics(network, options.critics, task.seed, around);
  let progress: Progress = { episodes: [], underWay: new Map(), chosen: 0 };
  let studied: readonly Lesson[] = [];
  let known: Float32Array | undefined;
  let spread: number | undefined;

  const walkOf = (lane: number) => progress.underWay.get(lane) ?? NOTHING;
  const update = (lane: number, changes: Partial<Walk>) => {
    progress = { ...progress, underWay: withLane(progress.underWay, lane, { ...walkOf(lane), ...changes }) };
  };
  /** Those of all episodes, and of those under way. */
  const triedPolicies = () => [
    ...progress.episodes.map(({ policy }) => policy),
    ...[...progress.underWay.values()].flatMap(({ proposal }) => (proposal ? [proposal] : [])),
  ];
  /** The episodes with the highest rewards, the best first. */
  const bestEpisodes = (count: number) =>
    [...progress.episodes].sort((a, b) => b.reward - a.reward).slice(0, count);
  const guessOf = (policy: readonly number[]) =>
    spread === undefined ? 0 : task.guess!(view.actionsOf(policy));
  const carriedOver = (policies: readonly (readonly number[])[]): ArrayLike<number> =>
    known ? shared!.valuesOf(known, policies) : new Float32Array(policies.length);
  /** What is expected of policies before the critics: by other searches and by the environment's guesses. */
  const expectedBefore = (policies: readonly (readonly number[])[], guessed: readonly number[]): number[] => {
    const carried = carriedOver(policies);
    if (spread === undefined) return Array.from(carried);
    const { episodes } = progress;
    const own = carriedOver(episodes.map(({ policy }) => policy));
    const valueOf = guessValue(
      episodes.map(({ guess }) => guess),
      targetsOf(episodes.map(({ reward }) => reward)).map((target, i) => target - own[i]!),
      spread,
    );
    return guessed.map((guess, i) => carried[i]! + valueOf(guess));
  };

  /** The candidate that a critic, or all of them on average, expect most of. */
  const choose = (): readonly number[] => {
    // Two of three times one critic alone decides (Thompson), the third time their mean.
    const one = random.integer(critics.length);
    const voters = progress.chosen % 3 === 2 ? critics : [critics[one]!];
    progress = { ...progress, chosen: progress.chosen + 1 };
    const valuesOf = (candidates: readonly (readonly number[])[]) => {
      const policies = view.policiesOf(candidates);
      const values = expectedBefore(candidates, candidates.map(guessOf));
      for (const critic of voters)
        predict(network, critic, policies, options.prior).forEach(
          (value, i) => (values[i] = values[i]! + value / voters.length),
        );
      return values;
    };
    const parents = bestEpisodes(options.parents).map(({ policy }) => policy);
    return firstNew(bestExpected(parents, options, valuesOf, random), triedPolicies());
  };
  const nearby = function* (policy: readonly number[]) {
    for (let i = 0; i < NEARBY; i++) yield withNoise(policy, options.sigma, random);
  };
  /** Episodes before the critics choose: where something was known before, but the first. */
  const initial = () => (known || spread !== undefined ? 1 : options.initial);
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

  const train = (): LearnStatistics => {
    const { episodes } = progress;
    const rewards = targetsOf(episodes.map(({ reward }) => reward));
    const before = expectedBefore(
      episodes.map(({ policy }) => policy),
      episodes.map(({ guess }) => guess),
    );
    const targets = rewards.map((target, i) => target - before[i]!);
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
      // Of steps that an episode has ended before, the middle says least.
      const policy = [...units, ...middle().slice(units.length)];
      const episode: Episode = {
        policy,
        guess: guessOf(policy),
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
    ...(shared && {
      study: (searches: readonly (readonly OtherEpisode[])[]) => {
        studied = searches.map((episodes) => ({
          policies: episodes.map(shared.rowsOf),
          steps: episodes[0]!.actions.length,
          targets: targetsOf(episodes.map(({ reward }) => reward)),
        }));
      },
    }),
    prepare: async () => {
      if (shared && studied.length > 0)
        known = learnKnownValue(shared.network, studied, createRandom(task.seed, 'ensemble known'));
      if (guesses > 0)
        spread =
          deviation(
            scattered(guesses, 'ensemble guesses').map((policy) => task.guess!(view.actionsOf(policy))),
          ) || 1;
    },
    save: () =>
      sealState('ensemble', signature, {
        critics,
        random: random.save(),
        progress,
        ...(known && { known }),
        ...(spread !== undefined && { spread }),
      } satisfies EnsembleState),
    load: (state) => {
      const saved = structuredClone(openState<EnsembleState>('ensemble', signature, state));
      critics = [...saved.critics];
      random.load(saved.random);
      progress = saved.progress;
      known = saved.known;
      spread = saved.spread;
    },
    dispose: () => {
      // Nothing is held outside of the garbage collector's reach.
    },
  };
}

/** Throws `CONFIG_INVALID` for options that the environment knows too little for. */
function requireKnown(options: EnsembleOptions, { features, guess }: AgentTask): void {
  const lacking = {
    shared: options.shared && !features && 'gives no features of its steps',
    guesses: (options.guesses ?? 0) > 0 && !guess && 'guesses nothing of policies',
  };
  for (const [option, what] of Object.entries(lacking))
    if (what)
      throw new TersorError(
        'CONFIG_INVALID',
        `The agent "ensemble" cannot use "${option}" here: the environment ${what}.`,
        { hint: 'Use the environment "residual", or leave the option out.' },
      );
}

/** What the critics learn of rewards. */
function targetsOf(rewards: readonly number[]): number[] {
  return rewards.map(relativeWorth(rewards));
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}
