/** Steps of one episode, in order. */
export interface EpisodeValues {
  readonly rewards: readonly number[];
  /** Value estimates of the states that the steps started from. */
  readonly values: ArrayLike<number>;
  /**
   * Value of the state after the last step: 0 at a natural end, an estimate where the episode was cut off.
   */
  readonly lastValue: number;
}

/**
 * Generalized advantage estimation (Schulman et al. 2016, equation 16): `A_t = sum_k (gamma lambda)^k
 * d_{t+k}` with `d_t = r_t + gamma V(s_{t+1}) - V(s_t)`. With lambda 1 it is the discounted return minus the
 * value.
 */
export function generalizedAdvantages(
  { rewards, values, lastValue }: EpisodeValues,
  gamma: number,
  lambda: number,
): number[] {
  const advantages = Array<number>(rewards.length);
  let advantage = 0;
  let next = lastValue;
  for (let step = rewards.length - 1; step >= 0; step--) {
    const difference = rewards[step]! + gamma * next - values[step]!;
    advantage = difference + gamma * lambda * advantage;
    advantages[step] = advantage;
    next = values[step]!;
  }
  return advantages;
}
