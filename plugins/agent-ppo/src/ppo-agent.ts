import {
  createRandom,
  type ActOptions,
  type Action,
  type Agent,
  type AgentTask,
  type LearnStatistics,
  type Transition,
} from '@tersor/core';
import {
  addToMoments,
  copyAdam,
  createAdam,
  createMoments,
  forward,
  generalizedAdvantages,
  initializeParameters,
  openState,
  parameterCount,
  sealState,
  standardize,
  withLane,
  withoutLane,
  type Network,
} from '@tersor/rl';
import type { ActionHead } from './heads/action-head.js';
import { createActionHead } from './heads/create-action-head.js';
import { judgedAnew } from './earlier-rollouts.js';
import type { CollectedStep } from './ppo-loss.js';
import type { PpoOptions } from './ppo-options.js';
import {
  NOTHING,
  type Episode,
  type Learner,
  type PlayedEpisode,
  type PpoState,
  type Progress,
  type Step,
} from './ppo-state.js';
import { explainedVariance, updateNetworks, type UpdateLosses } from './updates.js';

/**
 * Proximal policy optimization with the clipped surrogate (Schulman et al. 2017, algorithm 1); actor and
 * critic share no layers.
 */
export class PpoAgent implements Agent {
  readonly learnsFrom = 'proposed';
  readonly lanes = true;
  private readonly head: ActionHead;
  private readonly actorNetwork: Network;
  private readonly criticNetwork: Network;
  private readonly rollout: number;
  private readonly random;
  private actor: Learner;
  private critic: Learner;
  private progress: Progress;

  /** Throws `SPACE_UNSUPPORTED` unless the actions are a bounded box or a discrete space. */
  constructor(
    private readonly options: PpoOptions,
    private readonly task: AgentTask,
  ) {
    const inputs = task.observationSpace.low.length;
    this.head = createActionHead(task.actionSpace, options);
    this.actorNetwork = {
      sizes: [inputs, ...options.hidden, this.head.outputs],
      hidden: 'tanh',
      output: 'linear',
    };
    this.criticNetwork = { sizes: [inputs, ...options.hidden, 1], hidden: 'tanh', output: 'linear' };
    this.rollout =
      options.rollout ?? Math.max(1, Math.min(Math.ceil(64 / task.maxSteps), Math.ceil(task.episodes / 20)));
    this.random = createRandom(task.seed, 'ppo');
    // A small last layer: the first policy is about the same in every state (Andrychowicz et al. 2021,
    // section 3.2).
    this.actor = learner(
      Float32Array.from([
        ...initializeParameters(this.actorNetwork, createRandom(task.seed, 'ppo actor'), 0.01),
        ...this.head.initial,
      ]),
    );
    this.critic = learner(initializeParameters(this.criticNetwork, createRandom(task.seed, 'ppo critic')));
    this.progress = {
      episodes: 0,
      underWay: new Map(),
      collected: [],
      collectedEpisodes: 0,
      observations: createMoments(inputs),
      returns: createMoments(1),
    };
  }

  act(observation: readonly number[], { explore, lane = 0 }: ActOptions): Action {
    const output = this.outputOf(this.seen(observation));
    if (!explore) return this.head.toAction(this.head.mode(output));
    const sample = this.head.draw(output, this.freeParameters, this.random);
    const action = this.head.toAction(sample);
    this.updateEpisode(lane, { drawn: { action, sample } });
    return action;
  }

  /**
   * The ratio of probabilities is about what the policy drew, so that is remembered: what the environment
   * made of it is the environment's part.
   */
  observe(
    { observation, proposed, reward, nextObservation, terminated, truncated }: Transition,
    lane?: number,
  ): void {
    const { drawn, steps, unseen } = this.episodeOf(lane);
    const seen = this.seen(observation);
    const isOwn = drawn?.action.every((value, i) => value === proposed[i]);
    const sample = isOwn ? drawn!.sample : this.head.toSample(proposed);
    const { logProbability } = this.head.evaluate(this.outputOf(seen), this.freeParameters, sample);
    const step: Step = {
      observation: seen,
      sample,
      logProbability: logProbability.value,
      value: this.valueOf(seen),
      reward,
    };
    this.updateEpisode(lane, {
      steps: [...steps, step],
      drawn: undefined,
      cutOff: truncated && !terminated ? nextObservation : undefined,
      // In lanes, the moments would depend on which lane is first: they wait for the lane's turn to learn.
      unseen: lane === undefined ? [] : [...unseen, observation],
    });
    if (lane === undefined) this.takeIn([observation]);
  }

  /** Adds the episode to the rollout, and trains when that is complete. */
  learn(lane?: number): LearnStatistics {
    const { progress } = this;
    const { earlier = [] } = progress;
    const episode = this.episodeOf(lane);
    const finished = this.finishEpisode(episode);
    const collected = [...progress.collected, ...finished.collected];
    const keepsPlayed = this.options.policies > 1;
    const played = keepsPlayed ? [...(progress.played ?? []), finished.played] : [];
    this.takeIn(episode.unseen);
    const collectedEpisodes = progress.collectedEpisodes + 1;
    const isComplete = collectedEpisodes >= this.rollout;
    this.update({
      episodes: progress.episodes + 1,
      underWay: withoutLane(progress.underWay, lane ?? 0),
      collected: isComplete ? [] : collected,
      collectedEpisodes: isComplete ? 0 : collectedEpisodes,
      ...(keepsPlayed && {
        played: isComplete ? [] : played,
        earlier: isComplete ? [played, ...earlier].slice(0, this.options.policies - 1) : earlier,
      }),
    });
    return isComplete ? this.train(collected, this.judged(earlier.flat())) : {};
  }

  save(): unknown {
    const copy = ({ parameters, adam }: Learner): Learner => ({
      parameters: parameters.slice(),
      adam: copyAdam(adam),
    });
    const content: PpoState = {
      actor: copy(this.actor),
      critic: copy(this.critic),
      random: this.random.save(),
      progress: this.progress,
    };
    return sealState('ppo', this.signature, content);
  }

  load(state: unknown): void {
    const { actor, critic, random, progress } = structuredClone(
      openState<PpoState>('ppo', this.signature, state),
    );
    this.actor = actor;
    this.critic = critic;
    this.random.load(random);
    this.progress = progress;
  }

  dispose(): void {
    // Nothing is held outside of the garbage collector's reach.
  }

  private get signature(): unknown {
    return [this.actorNetwork, this.task.actionSpace];
  }

  private get freeParameters(): Float32Array {
    return this.actor.parameters.subarray(parameterCount(this.actorNetwork));
  }

  private update(changes: Partial<Progress>): void {
    this.progress = { ...this.progress, ...changes };
  }

  private episodeOf(lane = 0): Episode {
    return this.progress.underWay.get(lane) ?? NOTHING;
  }

  private updateEpisode(lane: number | undefined, changes: Partial<Episode>): void {
    const { underWay } = this.progress;
    this.update({ underWay: withLane(underWay, lane ?? 0, { ...this.episodeOf(lane), ...changes }) });
  }

  /** Adds observations to the running moments. */
  private takeIn(observations: readonly (readonly number[])[]): void {
    if (!this.options.normalizeObservations) return;
    this.update({ observations: observations.reduce(addToMoments, this.progress.observations) });
  }

  private seen(observation: readonly number[]): readonly number[] {
    return this.options.normalizeObservations
      ? standardize(this.progress.observations, observation)
      : observation;
  }

  private outputOf(seen: readonly number[]): Float32Array {
    return forward(this.actorNetwork, this.actor.parameters, Float32Array.from(seen), 1).at(-1)!;
  }

  private valueOf(seen: readonly number[]): number {
    return forward(this.criticNetwork, this.critic.parameters, Float32Array.from(seen), 1).at(-1)![0]!;
  }

  /** Steps of earlier policies as the present one sees them. */
  private judged(episodes: readonly PlayedEpisode[]): CollectedStep[] {
    return judgedAnew(episodes, {
      ...this.options,
      valueOf: (seen) => this.valueOf(seen),
      logProbabilityOf: (seen, sample) =>
        this.head.evaluate(this.outputOf(seen), this.freeParameters, sample).logProbability.value,
    });
  }

  /** Advantages and returns of the episode that has ended, and the episode itself. */
  private finishEpisode({ steps, cutOff }: Episode) {
    const { gamma, lambda } = this.options;
    const rewards = this.scaledRewards(steps.map(({ reward }) => reward));
    const last = cutOff && this.seen(cutOff);
    const lastValue = last ? this.valueOf(last) : 0;
    const advantages = generalizedAdvantages(
      { rewards, values: steps.map(({ value }) => value), lastValue },
      gamma,
      lambda,
    );
    const collected = steps.map(
      ({ observation, sample, logProbability, value }, i): CollectedStep => ({
        observation,
        sample,
        logProbability,
        value,
        advantage: advantages[i]!,
        returns: advantages[i]! + value,
      }),
    );
    const played: PlayedEpisode = {
      steps: steps.map((step, i) => ({ ...step, reward: rewards[i]! })),
      last,
    };
    return { collected, played };
  }

  /**
   * Rewards over the running deviation of the discounted sum of rewards so far (as in Engstrom et al. 2020,
   * section 3).
   */
  private scaledRewards(rewards: readonly number[]): readonly number[] {
    if (!this.options.normalizeRewards) return rewards;
    let sum = 0;
    for (const reward of rewards) {
      sum = this.options.gamma * sum + reward;
      this.update({ returns: addToMoments(this.progress.returns, [sum]) });
    }
    const { count, squares } = this.progress.returns;
    const deviation = Math.sqrt(squares[0]! / count);
    return deviation > 1e-8 ? rewards.map((reward) => reward / deviation) : rewards;
  }

  private train(own: readonly CollectedStep[], earlier: readonly CollectedStep[]): LearnStatistics {
    const steps = [...own, ...earlier];
    const { epochs, batch, targetDivergence, anneal, learningRate } = this.options;
    const rate = anneal
      ? learningRate * Math.max(0, 1 - (this.progress.episodes - 1) / this.task.episodes)
      : learningRate;
    const { options, head, actorNetwork, criticNetwork, actor, critic } = this;
    const learners = { options, head, actorNetwork, criticNetwork, actor, critic };
    const losses: UpdateLosses[] = [];
    const isTooFar = () =>
      targetDivergence !== undefined &&
      losses.length > 0 &&
      losses.at(-1)!.divergence > 1.5 * targetDivergence;
    for (let epoch = 0; epoch < epochs && !isTooFar(); epoch++) {
      const order = this.random.permutation(steps.length);
      for (let start = 0; start < steps.length && !isTooFar(); start += batch) {
        losses.push(
          updateNetworks(
            learners,
            order.slice(start, start + batch).map((index) => steps[index]!),
            rate,
          ),
        );
      }
    }
    const mean = (figure: keyof UpdateLosses) =>
      losses.reduce((sum, loss) => sum + loss[figure], 0) / losses.length;
    return {
      policyLoss: mean('policyLoss'),
      valueLoss: mean('valueLoss'),
      entropy: mean('entropy'),
      divergence: losses.at(-1)!.divergence,
      clipped: mean('clipped'),
      explainedVariance: explainedVariance(own),
      updates: losses.length,
      ...(this.freeParameters.length > 0 && {
        sigma:
          this.freeParameters.reduce((sum, value) => sum + Math.exp(value), 0) / this.freeParameters.length,
      }),
    };
  }
}

function learner(parameters: Float32Array): Learner {
  return { parameters, adam: createAdam(parameters.length) };
}
