import type { Random } from '@tersor/core';
import {
  adamStep,
  backward,
  forward,
  parameterCount,
  truncatedNormal,
  type Network,
  type ReplayBatch,
} from '@tersor/rl';
import {
  criticGradient,
  criticPass,
  rightOf,
  sideBySide,
  type CriticNetwork,
  type CriticPass,
} from './critic-network.js';
import type { DdpgOptions } from './ddpg-options.js';
import type { Learner } from './ddpg-state.js';

/** The actor and its critics, and what an update of them needs. */
export interface Learners {
  readonly options: DdpgOptions;
  readonly random: Random;
  readonly actorNetwork: Network;
  readonly criticNetwork: CriticNetwork;
  readonly actor: Learner;
  readonly critics: readonly Learner[];
}

/** The nearest value from 0 to 1. */
export function clampToUnit(value: number): number {
  return Math.min(1, Math.max(0, value));
}

/**
 * What the critics should say of a batch, [batch]: `y = r - b + gamma Q'(s', mu'(s'))` (DDPG, algorithm 1;
 * AMC, equation 2, b being the moving average of rewards).
 */
export function targetsOf(
  learners: Learners,
  { rewards, nextObservations, continues }: ReplayBatch,
  baseline: number,
): Float32Array {
  const { actorNetwork, actor, random } = learners;
  const { batch, gamma, targetNoise } = learners.options;
  const actions = forward(actorNetwork, actor.target, nextObservations, batch).at(-1)!;
  // TD3, section 5.3: a target action stands for those around it.
  if (targetNoise > 0)
    actions.forEach(
      (action, i) =>
        (actions[i] = clampToUnit(
          action + truncatedNormal(random, 0, targetNoise, -2.5 * targetNoise, 2.5 * targetNoise),
        )),
    );
  const input = sideBySide(nextObservations, actions, batch);
  const values = chosenCritics(learners).map(({ target }) => valuesOf(learners, target, input).values);
  return rewards.map(
    (reward, i) => reward - baseline + gamma * continues[i]! * Math.min(...values.map((value) => value[i]!)),
  );
}

/** Whose lowest value is the target: one critic or both of two, else two drawn ones (REDQ, algorithm 1). */
function chosenCritics({ critics, random }: Learners): readonly Learner[] {
  if (critics.length <= 2) return critics;
  const [first, second] = random.permutation(critics.length);
  return [critics[first!]!, critics[second!]!];
}

function valuesOf(
  { criticNetwork, options, random }: Learners,
  parameters: Float32Array,
  input: Float32Array,
): CriticPass {
  return criticPass(criticNetwork, parameters, input, options.batch, () => random.uniform());
}

/** One step of a critic down the mean squared error; gives that error. */
export function updateCritic(
  learners: Learners,
  { parameters, adam }: Learner,
  input: Float32Array,
  targets: Float32Array,
): number {
  const { criticNetwork } = learners;
  const { batch, criticRate } = learners.options;
  const pass = valuesOf(learners, parameters, input);
  const errors = pass.values.map((value, i) => value - targets[i]!);
  const gradient = new Float32Array(parameterCount(criticNetwork));
  criticGradient(
    criticNetwork,
    parameters,
    pass,
    errors.map((error) => (2 * error) / batch),
    batch,
    gradient,
  );
  adamStep(adam, parameters, gradient, { learningRate: criticRate });
  return errors.reduce((sum, error) => sum + error * error, 0) / batch;
}

/**
 * One step of the actor up the deterministic policy gradient (Silver et al. 2014, equation 9): the critics'
 * gradient by the action, through the actor. TD3 follows the first of two critics, REDQ the mean of all.
 * Gives the mean value of its actions.
 * @param best the best episode, when the actor also imitates that
 */
export function updateActor(learners: Learners, observations: Float32Array, best?: ReplayBatch): number {
  const { actorNetwork, criticNetwork } = learners;
  const { batch, actorRate, critics: wanted } = learners.options;
  const { parameters, adam } = learners.actor;
  const critics = wanted > 1 ? learners.critics : learners.critics.slice(0, 1);
  const layers = forward(actorNetwork, parameters, observations, batch);
  const actions = layers.at(-1)!;
  const input = sideBySide(observations, actions, batch);
  const actionGradient = new Float32Array(actions.length);
  let value = 0;
  for (const critic of critics) {
    const pass = valuesOf(learners, critic.parameters, input);
    value += pass.values.reduce((sum, each) => sum + each, 0) / batch / critics.length;
    const inputGradient = criticGradient(
      criticNetwork,
      critic.parameters,
      pass,
      new Float32Array(batch).fill(-1 / batch / critics.length),
      batch,
    );
    rightOf(inputGradient, batch, actions.length / batch).forEach(
      (slope, i) => (actionGradient[i] = actionGradient[i]! + slope),
    );
  }
  const gradient = new Float32Array(parameterCount(actorNetwork));
  backward(actorNetwork, parameters, layers, actionGradient, batch, gradient);
  if (best) addImitation(learners, best, gradient);
  adamStep(adam, parameters, gradient, { learningRate: actorRate });
  return value;
}

/** Adds the gradient of `imitate` times the mean squared distance from the actions of the best episode. */
function addImitation(
  { actorNetwork, actor, options }: Learners,
  { observations, actions, rewards }: ReplayBatch,
  gradient: Float32Array,
): void {
  const layers = forward(actorNetwork, actor.parameters, observations, rewards.length);
  const scale = (2 * options.imitate) / actions.length;
  const error = layers.at(-1)!.map((action, i) => scale * (action - actions[i]!));
  const own = new Float32Array(gradient.length);
  backward(actorNetwork, actor.parameters, layers, error, rewards.length, own);
  for (let i = 0; i < gradient.length; i++) gradient[i] = gradient[i]! + own[i]!;
}
