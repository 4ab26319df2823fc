/** Halvings of the interval that holds the shift: to a thousandth of a millionth of it. */
const HALVINGS = 30;

/**
 * The largest shift within [-reach, reach], to a thousandth of a millionth of it, that `fits`. Where only
 * smaller ones do, `-reach`.
 */
export function largestShift(fits: (shift: number) => boolean, reach: number): number {
  if (fits(reach)) return reach;
  let low = -reach;
  let high = reach;
  for (let halving = 0; halving < HALVINGS; halving++) {
    const middle = (low + high) / 2;
    if (fits(middle)) low = middle;
    else high = middle;
  }
  return low;
}

/**
 * Logit of a share: what is added to it moves the share within 0..1. `edge` is how near to 0 and 1 a share
 * counts, so that nothing and everything have a place on the line, too.
 */
export function logitOf(share: number, edge: number): number {
  const inside = Math.min(1 - edge, Math.max(edge, share));
  return Math.log(inside / (1 - inside));
}

/** The share of a logit: 0..1. */
export function shareOf(logit: number): number {
  return 1 / (1 + Math.exp(-logit));
}

/**
 * Residuals of amounts around a reference, both as levels: differences in units of `scale`, about the middle
 * of their range (the common shift makes up for it), within [-1, 1].
 */
export function residualsBetween(
  reference: readonly number[],
  levels: readonly number[],
  scale: number,
): number[] {
  const differences = levels.map((level, i) => (level - reference[i]!) / scale);
  const middle = (Math.min(...differences) + Math.max(...differences)) / 2;
  return differences.map((value) => Math.min(1, Math.max(-1, value - middle)) || 0);
}
