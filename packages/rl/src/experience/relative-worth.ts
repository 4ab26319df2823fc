/**
 * What a reward is worth among others: 0 for the best of them, `-log(1 + (best - r) / (best - median))` for
 * the others, so that how bad a bad one is counts little, and what rewards are measured in not at all.
 * @param rewards one at least
 */
export function relativeWorth(rewards: readonly number[]): (reward: number) => number {
  const sorted = [...rewards].sort((a, b) => b - a);
  const best = sorted[0]!;
  const median = sorted[Math.floor(sorted.length / 2)]!;
  const scale = best - median || best - sorted.at(-1)! || 1;
  return (reward) => -Math.log1p((best - reward) / scale);
}
