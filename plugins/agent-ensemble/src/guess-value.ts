/** Before any episode, what a guess that is better by the spread of guesses is worth more. */
const BELIEF = 0.5;
/** So many episodes, a spread from their mean, count as much as that belief. */
const WEIGHT = 3;

/**
 * What guesses of the environment say of targets, as far as episodes bear them out: ridge regression of their
 * targets by their guesses, towards a slope of `BELIEF` per `spread` (Hoerl and Kennard 1970, about a slope
 * other than 0). Takes one episode at least.
 */
export function guessValue(
  guesses: readonly number[],
  targets: readonly number[],
  spread: number,
): (guess: number) => number {
  const [centre, middle] = [mean(guesses), mean(targets)];
  const units = guesses.map((guess) => (guess - centre) / spread);
  const products = units.reduce((sum, unit, i) => sum + unit * (targets[i]! - middle), 0);
  const squares = units.reduce((sum, unit) => sum + unit ** 2, 0);
  const slope = (products + WEIGHT * BELIEF) / (squares + WEIGHT);
  return (guess) => middle + (slope * (guess - centre)) / spread;
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
