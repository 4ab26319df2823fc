/**
 * Upper confidence limit of a count in a finite population. Of `total` images some number is right; `right`
 * of `seen` images, drawn without replacement, were. Gives the largest number for which a draw with so few
 * right is no less probable than `alpha`; so the true number is above it with a probability below `alpha`.
 * Exact (hypergeometric; Wright, Exact Confidence Bounds when Sampling from Small Finite Universes, 1991),
 * unlike Wilson's interval, and closer than Hoeffding's inequality; when all images are seen it is `right`.
 */
export function createCountLimit(total: number): (right: number, seen: number, alpha: number) => number {
  const logFactorials = [0];
  for (let i = 1; i <= total; i++) logFactorials.push(logFactorials[i - 1]! + Math.log(i));
  const logChoose = (n: number, k: number) => logFactorials[n]! - logFactorials[k]! - logFactorials[n - k]!;
  /** Probability that at most `right` of `seen` are right when `rightOfAll` of all are. */
  const atMost = (right: number, seen: number, rightOfAll: number) => {
    const wrongOfAll = total - rightOfAll;
    let sum = 0;
    for (let i = Math.max(0, seen - wrongOfAll); i <= Math.min(right, rightOfAll); i++)
      sum += Math.exp(logChoose(rightOfAll, i) + logChoose(wrongOfAll, seen - i) - logChoose(total, seen));
    return sum;
  };
  return (right, seen, alpha) => {
    let low = right;
    let high = right + total - seen;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (atMost(right, seen, middle) >= alpha) low = middle;
      else high = middle - 1;
    }
    return low;
  };
}
