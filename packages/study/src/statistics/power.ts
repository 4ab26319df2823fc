import { studentQuantile } from './student.js';

const POWER = 0.8;
const LEVEL = 0.05;
/** No study is this large: the search for a number of seeds ends here. */
const MOST = 100_000;

/**
 * How many seeds a study would need to detect a paired difference of this size: the smallest n for which a
 * two-sided t test at 5%, divided by the number of comparisons (Bonferroni, slightly stricter than Holm),
 * finds it with a chance of 80%. n >= ((t(1 - a/2, n-1) + t(0.8, n-1)) * deviation / |mean|)^2, the usual
 * approximation of the noncentral t (Guenther 1981). Undefined if the deviation or the mean is 0, or if more
 * than 100,000 seeds would be needed. This covers other seeds on the same test images only; more seeds do not
 * reduce the uncertainty that comes from the images.
 * @param deviation standard deviation of the differences over the seeds
 */
export function seedsNeeded(mean: number, deviation: number, comparisons: number): number | undefined {
  if (mean === 0 || deviation === 0) return undefined;
  const wanted = (n: number) => {
    const reach = studentQuantile(1 - LEVEL / comparisons / 2, n - 1) + studentQuantile(POWER, n - 1);
    return ((reach * deviation) / Math.abs(mean)) ** 2;
  };
  // `wanted` falls as n grows, so bisection finds the first n that is enough.
  let [low, high] = [3, 3];
  while (wanted(high) > high) {
    if (high >= MOST) return undefined;
    [low, high] = [high, high * 2];
  }
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (wanted(middle) > middle) low = middle;
    else high = middle;
  }
  return high <= MOST ? high : undefined;
}
