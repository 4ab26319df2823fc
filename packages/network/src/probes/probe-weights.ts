/** One measurement: with so much changed in one part of the network alone, its outputs are this far off. */
export interface Probe {
  /** How much was changed: channels removed, or bits of a layer. */
  readonly at: number;
  /** The part's own error there. */
  readonly error: number;
  /** What the outputs of the network have lost. */
  readonly divergence: number;
}

/** A probe that changes nothing measurable still says that the part is cheap, not that it is free. */
const LEAST = 1e-9;

/**
 * What a part's error has to be multiplied with to be on the scale of the network's outputs: measured
 * divergence over error. Between the probes the factor's logarithm runs straight, beyond them it stays. 1
 * where no probe has an error.
 *
 * @param probes by rising `at`
 */
export function probeWeights(probes: readonly Probe[]): (at: number) => number {
  const known = probes
    // An error of nothing has no weight.
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
