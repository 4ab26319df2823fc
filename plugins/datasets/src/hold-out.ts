/** Positions of training records in the file, split in two, each in ascending order. */
export interface HeldOut {
  readonly train: readonly number[];
  readonly validation: readonly number[];
}

/** Standard deviations above the mean of chance from which on classes do not lie in a random order. */
const TOO_FAR = 10;

/**
 * Splits training records in two. The last `count` are held out, always the same ones. Where their classes
 * cannot be those of records in a random order (a file that is sorted by class), as many of each class as the
 * whole has in proportion are held out instead, the last ones of that class: a validation split of one class,
 * which then lacks in training, says nothing about a network.
 * @param labels class of each record, 0 to `classes` - 1
 */
export function holdOut(labels: Uint8Array, classes: number, count: number): HeldOut {
  const first = labels.length - count;
  const lastOfClass = lookRandom(labels, classes, count)
    ? undefined
    : sharesOfClasses(labels, classes, count);
  const train: number[] = [];
  const validation: number[] = [];
  // Backwards, so that the last ones of each class are taken.
  for (let i = labels.length - 1; i >= 0; i--) {
    const isHeld = lastOfClass ? lastOfClass[labels[i]!]!-- > 0 : i >= first;
    (isHeld ? validation : train).push(i);
  }
  return { train: train.reverse(), validation: validation.reverse() };
}

/**
 * Chi-squared of the classes of the last `count` records, drawn without replacement, far above its mean or
 * not.
 */
function lookRandom(labels: Uint8Array, classes: number, count: number): boolean {
  if (count === 0 || count === labels.length) return true;
  const all = countClasses(labels, classes);
  const last = countClasses(labels.subarray(labels.length - count), classes);
  const share = count / labels.length;
  let chiSquared = 0;
  all.forEach(
    (total, k) => (chiSquared += total > 0 ? (last[k]! - share * total) ** 2 / (share * total) : 0),
  );
  const degrees = all.filter((total) => total > 0).length - 1;
  // Without replacement the variance is smaller by the share that is left.
  return chiSquared / (1 - share) <= degrees + TOO_FAR * Math.sqrt(2 * degrees);
}

/** How many records of each class are held out: in proportion, `count` together (largest remainders). */
function sharesOfClasses(labels: Uint8Array, classes: number, count: number): number[] {
  const exact = countClasses(labels, classes).map((total) => (total * count) / labels.length);
  const shares = exact.map(Math.floor);
  const missing = count - shares.reduce((sum, share) => sum + share, 0);
  const byRemainder = Array.from(exact.keys()).sort((a, b) => (exact[b]! % 1) - (exact[a]! % 1) || a - b);
  for (const k of byRemainder.slice(0, missing)) shares[k] = shares[k]! + 1;
  return shares;
}

function countClasses(labels: Uint8Array, classes: number): number[] {
  const counts = Array.from({ length: classes }, () => 0);
  for (const label of labels) counts[label] = counts[label]! + 1;
  return counts;
}
