import { probeWeights, type Probe } from '@tersor/network';

/** Shares of its channels that a group loses in its probes. */
const SHARES = [0.125, 0.25, 0.5, 0.7];

/**
 * A group's errors on the scale of the network's outputs: its curve times a weight, the divergence of the
 * outputs over the error, measured with this group alone pruned to a few counts. Between the counts the
 * weight's logarithm runs straight, beyond them it stays; the curve never falls.
 *
 * @param curve error by the number of channels removed
 * @param divergenceAt what the outputs lose when this group keeps so many channels, all others all of them
 */
export async function probedErrors(
  curve: Float64Array,
  divergenceAt: (channels: number) => Promise<number>,
): Promise<Float64Array> {
  const channels = curve.length - 1;
  const removals = SHARES.map((share) => Math.min(channels - 1, Math.round(share * channels)));
  const probes: Probe[] = [];
  for (const removed of new Set(removals.filter((each) => each > 0)))
    probes.push({
      at: removed,
      error: curve[removed]!,
      divergence: await divergenceAt(channels - removed),
    });
  return scale(curve, probes);
}

function scale(curve: Float64Array, probes: readonly Probe[]): Float64Array {
  const weightAt = probeWeights(probes);
  let highest = 0;
  return curve.map((error, removed) => {
    highest = Math.max(highest, error * weightAt(removed));
    return highest;
  });
}
