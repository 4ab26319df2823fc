/** One measurement: how a change in a single part of the network affects its outputs. */
export interface Probe {
  /** Amount of the change: channels removed, or bits of a layer. */
  readonly at: number;
  /** The part's own error. */
  readonly error: number;
  /** The divergence of the network's outputs. */
  readonly divergence: number;
}

/** Smallest divergence: a change without a measurable effect is cheap, but not free. */
const LEAST = 1e-9;

/**
 * The factor from a part's error to the divergence of the network's outputs. Its logarithm is interpolated
 * linearly between probes and constant beyond them; it is 1 if no probe has an error.
 *
 * @param probes by rising `at`
 */
export function probeWeights(probes: readonly Probe[]): (at: number) => number {
  const known = probes
    // Without an error there is no ratio.
    .filter(({ error }) => error > 0)
    .map(({ at, error, divergence }) => ({ at, log: Math.log(Math.max(LEAST, divergence) / error) }));
  return (at) => {
    const after = known.findIndex((weight) => weight.at >= at);
    if (after === -1) return Math.exp(known.at(-1)?.log ?? 0);
    const [from, to] = [known[after - 1], known[after]!];
    if (!from) return Math.exp(to.log);
    return Math.exp(from.log + ((to.log - from.log) * (at - from.at)) / (to.at - from.at));
  };
}
