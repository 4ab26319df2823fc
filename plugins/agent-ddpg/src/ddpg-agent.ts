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
  adaptParameterDeviation,
  copyAdam,
  createActionRange,
  createAdam,
  forward,
  initializeParameters,
  openState,
  ornsteinUhlenbeckStep,
  perturbParameters,
  relativeWorth,
  ReplayBuffer,
  requireBox,
  sealState,
  softUpdate,
  truncatedNormal,
  withLane,
  withoutLane,
  type ActionRange,
  type Network,
  type ReplayBatch,
} from '@tersor/rl';
import { sideBySide, type CriticNetwork } from './critic-network.js';
import type { DdpgOptions } from './ddpg-options.js';
import { guessedEpisodes, requireGuesses } from './guessed-episodes.js';
import { NOTHING, type DdpgState, type Episode, type Learner, type Progress } from './ddpg-state.js';
import { clampToUnit, targetsOf, updateActor, updateCritic, type Learners } from './updates.js';

/**
 * Deep deterministic policy gradient (Lillicrap et al. 2015, algorithm 1) in the form of AMC (He et al. 2018,
 * section 3.3), with TD3's three changes (Fujimoto et al. 2018, algorithm 1) as options. Networks see actions
 * in the unit cube; the actor ends in a sigmoid.
 */
export class DdpgAgent implements Agent {
  readonly lanes = true;
  private readonly range: ActionRange;
  private readonly observationSize: number;
  private readonly actorNetwork: Network;
  private readonly criticNetwork: CriticNetwork;
  private readonly warmup: number;
  private readonly sigmaDecay: number;
  private readonly random;
  private readonly replay: ReplayBuffer;
  private actor: Learner;
  private critics: readonly Learner[];
  private progress: Progress;

  /**
   * Throws `SPACE_UNSUPPORTED` unless the actions are a bounded box, and `CONFIG_INVALID` for guesses that
   * the environment does not make.
   */
  constructor(
    private readonly options: DdpgOptions,
    private readonly task: AgentTask,
  ) {
    requireGuesses(options, task);
    this.range = createActionRange(requireBox('ddpg', task.actionSpace));
    this.observationSize = task.observationSpace.low.length;
    this.actorNetwork = {
      sizes: [this.observationSize, ...options.hidden, this.range.size],
      hidden: 'relu',
      output: 'sigmoid',
    };
    this.criticNetwork = {
      sizes: [this.observationSize + this.range.size, ...options.hidden, 1],
      hidden: 'relu',
      output: 'linear',
      ...(options.normalize && { normalize: true }),
      ...(options.dropout > 0 && { dropout: options.dropout }),
    };
    this.warmup = options.warmup ?? Math.round(task.episodes / 4);
    this.sigmaDecay =
      options.sigmaDecay ?? Math.min(0.95, 0.1 ** (1 / Math.max(1, task.episodes - this.warmup)));
    this.random = createRandom(task.seed, 'ddpg');
    this.replay = this.createReplay(options.memory);
    const learner = (network: Network, name: string): Learner => {
      const parameters = initializeParameters(network, createRandom(task.seed, `ddpg ${name}`), 0.1);
      return { parameters, target: parameters.slice(), adam: createAdam(parameters.length) };
    };
    this.actor = learner(this.actorNetwork, 'actor');
    const names = [
      'critic',
      'second critic',
      ...Array.from({ length: options.critics }, (_, i) => `critic ${i + 3}`),
    ];
    this.critics = names
      .slice(0, Math.max(options.critics, options.twin ? 2 : 1))
      .map((name) => learner(this.criticNetwork, name));
    this.progress = {
      episodes: 0,
      updates: 0,
      baseline: undefined,
      underWay: new Map(),
      parameterDeviation: 0.02,
    };
  }

  /** With `guesses`: as many updates, on what the environment makes of as many policies unmeasured. */
  async prepare(): Promise<void> {
    const { guesses, batch } = this.options;
    if (guesses === 0) return;
    const replay = this.createReplay(guesses);
    for (const steps of guessedEpisodes(this.options, this.task, this.range)) replay.add(steps, 0);
    for (let update = 0; update < guesses; update++) this.updateOnce(replay.sample(batch, this.random));
  }

  act(observation: readonly number[], { explore, lane = 0 }: ActOptions): Action {
    if (!explore)
      return this.range.toAction(this.policy(this.actor.parameters, Float32Array.from(observation), 1));
    if (this.warmingUp) return this.range.toAction(this.noNoise().map(() => this.random.uniform()));
    return this.range.toAction(this.explore(Float32Array.from(observation), lane));
  }

  observe(transition: Transition, lane = 0): void {
    this.updateEpisode(lane, { steps: [...this.episodeOf(lane).steps, transition] });
  }

  /**
   * Remembers the episode, then makes as many updates as it had steps (times `updates`), unless it belongs to
   * the warm-up.
   */
  learn(lane = 0): LearnStatistics {
    const { steps, perturbed } = this.episodeOf(lane);
    this.remember(steps);
    const learning = !this.warmingUp;
    this.update({
      underWay: withoutLane(this.progress.underWay, lane),
      episodes: this.progress.episodes + 1,
    });
    if (!learning) return {};
    const sigma = this.sigma;
    if (perturbed) this.adaptNoise(perturbed, steps, sigma);
    const count = Math.max(1, Math.round(steps.length * this.options.updates));
    const losses = Array.from({ length: count }, () => this.updateOnce());
    const criticLoss = losses.reduce((sum, loss) => sum + loss.criticLoss, 0) / count;
    const value = losses.findLast((loss) => loss.value !== undefined)?.value;
    return {
      criticLoss,
      ...(value !== undefined && { value }),
      sigma,
      updates: count,
      baseline: this.progress.baseline ?? 0,
    };
  }

  save(): unknown {
    const copy = ({ parameters, target, adam }: Learner): Learner => ({
      parameters: parameters.slice(),
      target: target.slice(),
      adam: copyAdam(adam),
    });
    const content: DdpgState = {
      actor: copy(this.actor),
      critics: this.critics.map(copy),
      replay: this.replay.save(),
      random: this.random.save(),
      progress: this.progress,
    };
    return sealState('ddpg', this.signature, content);
  }

  load(state: unknown): void {
    const { actor, critics, replay, random, progress } = structuredClone(
      openState<DdpgState>('ddpg', this.signature, state),
    );
    this.actor = actor;
    this.critics = critics;
    this.replay.load(replay);
    this.random.load(random);
    this.progress = progress;
  }

  dispose(): void {
    // Nothing is held outside of the garbage collector's reach.
  }

  private createReplay(capacity: number): ReplayBuffer {
    const { observationSize, options, range } = this;
    return new ReplayBuffer({
      observationSize,
      actionSize: range.size,
      capacity,
      keepBest: options.keepBest,
    });
  }

  private get learners(): Learners {
    const { options, random, actorNetwork, criticNetwork, actor, critics } = this;
    return { options, random, actorNetwork, criticNetwork, actor, critics };
  }

  private get signature(): unknown {
    return [this.actorNetwork, this.criticNetwork, this.critics.length];
  }

  private get warmingUp(): boolean {
    return this.progress.episodes < this.warmup;
  }

  /** Deviation of the noise now: decays from the end of the warm-up on. */
  private get sigma(): number {
    return this.options.sigma * this.sigmaDecay ** Math.max(0, this.progress.episodes - this.warmup);
  }

  private update(changes: Partial<Progress>): void {
    this.progress = { ...this.progress, ...changes };
  }

  private episodeOf(lane: number): Episode {
    return this.progress.underWay.get(lane) ?? NOTHING;
  }

  private updateEpisode(lane: number, changes: Partial<Episode>): void {
    const { underWay } = this.progress;
    this.update({ underWay: withLane(underWay, lane, { ...this.episodeOf(lane), ...changes }) });
  }

  private noNoise(): number[] {
    return Array<number>(this.range.size).fill(0);
  }

  /** Actions in the unit cube, [batch, actions]. */
  private policy(parameters: Float32Array, observations: Float32Array, batch: number): Float32Array {
    return forward(this.actorNetwork, parameters, observations, batch).at(-1)!;
  }

  private explore(observation: Float32Array, lane: number): ArrayLike<number> {
    const { noise } = this.options;
    const episode = this.episodeOf(lane);
    if (noise === 'parameter') {
      const perturbed =
        episode.perturbed ??
        perturbParameters(this.actor.parameters, this.random, this.progress.parameterDeviation);
      this.updateEpisode(lane, { perturbed });
      return this.policy(perturbed, observation, 1);
    }
    const clean = Array.from(this.policy(this.actor.parameters, observation, 1));
    if (noise === 'truncated-normal')
      return clean.map((mean) => truncatedNormal(this.random, mean, this.sigma, 0, 1));
    if (noise === 'gaussian')
      return clean.map((mean) => clampToUnit(mean + this.sigma * this.random.normal()));
    const before = episode.noiseState ?? this.noNoise();
    const noiseState = ornsteinUhlenbeckStep(before, this.random, this.sigma);
    this.updateEpisode(lane, { noiseState });
    return clean.map((mean, i) => clampToUnit(mean + noiseState[i]!));
  }

  /** Keeps the distance between the actions of the perturbed actor and the clean one at sigma. */
  private adaptNoise(perturbed: Float32Array, steps: readonly Transition[], sigma: number): void {
    const observations = Float32Array.from(steps.flatMap(({ observation }) => observation));
    const [noisy, clean] = [
      this.policy(perturbed, observations, steps.length),
      this.policy(this.actor.parameters, observations, steps.length),
    ];
    const distance = Math.sqrt(
      noisy.reduce((sum, value, i) => sum + (value - clean[i]!) ** 2, 0) / noisy.length,
    );
    this.update({
      parameterDeviation: adaptParameterDeviation(this.progress.parameterDeviation, distance, sigma, 1.1),
    });
  }

  private remember(steps: readonly Transition[]): void {
    const total = steps.reduce((sum, { reward }) => sum + reward, 0);
    const kept = steps.map(({ observation, action, reward, nextObservation, terminated }) => ({
      observation,
      action: this.range.toUnit(action),
      reward: this.options.rewards === 'episode' ? total : reward,
      nextObservation,
      continues: !terminated,
    }));
    this.replay.add(kept, total);
    if (this.options.guesses > 0) this.update({ totals: [...(this.progress.totals ?? []), total] });
  }

  /** A batch of what was measured; with `guesses` its rewards are in the unit of these. */
  private measured(): ReplayBatch {
    const batch = this.replay.sample(this.options.batch, this.random);
    return this.options.guesses === 0
      ? batch
      : { ...batch, rewards: batch.rewards.map(relativeWorth(this.progress.totals!)) };
  }

  /** One update of the critics, and of the actor if it is its turn. */
  private updateOnce(batch = this.measured()): { readonly criticLoss: number; readonly value?: number } {
    const { options } = this;
    const mean = batch.rewards.reduce((sum, reward) => sum + reward, 0) / options.batch;
    const before = this.progress.baseline ?? mean;
    const baseline = options.baseline > 0 ? before + options.baseline * (mean - before) : 0;
    const updates = this.progress.updates + 1;
    this.update({ baseline, updates });

    const networks = this.learners;
    const targets = targetsOf(networks, batch, baseline);
    const input = sideBySide(batch.observations, batch.actions, options.batch);
    const losses = this.critics.map((critic) => updateCritic(networks, critic, input, targets));
    const criticLoss = losses.reduce((sum, loss) => sum + loss, 0) / losses.length;
    if (updates % options.actorDelay !== 0) return { criticLoss };
    const best = options.imitate > 0 && this.replay.size > 0 ? this.replay.best() : undefined;
    const value = updateActor(networks, batch.observations, best);
    for (const { parameters, target } of [this.actor, ...this.critics])
      softUpdate(target, parameters, options.tau);
    return { criticLoss, value };
  }
}
