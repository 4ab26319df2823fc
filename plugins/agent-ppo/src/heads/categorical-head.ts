import type { ActionHead } from './action-head.js';

/** A choice out of `size`: the network's outputs are the logits. */
export function createCategoricalHead(size: number): ActionHead {
  return {
    outputs: size,
    initial: [],
    draw: (logits, _free, random) => {
      const probabilities = softmax(logits);
      let rest = random.uniform();
      const choice = probabilities.findIndex((probability) => (rest -= probability) < 0);
      // Rounding can leave a rest of 1e-16.
      return [choice < 0 ? size - 1 : choice];
    },
    mode: (logits) => [Array.from(logits).indexOf(Math.max(...Array.from(logits)))],
    toAction: (sample) => sample,
    toSample: (action) => [...action],
    evaluate: (logits, _free, [choice]) => {
      const probabilities = softmax(logits);
      const logarithms = probabilities.map((probability) => Math.log(Math.max(probability, 1e-30)));
      const entropy = -probabilities.reduce((sum, probability, i) => sum + probability * logarithms[i]!, 0);
      return {
        logProbability: {
          value: logarithms[choice!]!,
          byOutput: probabilities.map((probability, i) => Number(i === choice) - probability),
          byFree: [],
        },
        entropy: {
          value: entropy,
          byOutput: probabilities.map((probability, i) => -probability * (logarithms[i]! + entropy)),
          byFree: [],
        },
      };
    },
  };
}

function softmax(logits: ArrayLike<number>): number[] {
  const largest = Math.max(...Array.from(logits));
  const powers = Array.from(logits, (logit) => Math.exp(logit - largest));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}
