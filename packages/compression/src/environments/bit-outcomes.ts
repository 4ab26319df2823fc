import type { Evaluation, LayerBits, QuantizeTask } from '@tersor/core';
import { cost, withSharedRanges } from '@tersor/network';
import { furtherFigures } from '../limits/figures.js';
import { packModel } from '../pack/pack-model.js';
import { withEncodedWeights } from '../policy/quantized-graph.js';
import { operationsOfPolicy, withPolicyActivations, type QuantizePolicy } from '../policy/quantize-policy.js';
import type { BitChoices } from './bit-choices.js';

/** How an episode of stage 2 ends. */
export interface BitOutcome {
  /** As it is written: without rounded activations the bits of the weights alone. */
  readonly policy: unknown;
  readonly reward: number;
  readonly measures: Readonly<Record<string, number>>;
}

/**
 * Measures the network with these bits; bits that come up again are answered from memory.
 */
export function createBitOutcomes(
  task: QuantizeTask,
  { codes, encodedAt, walls }: BitChoices,
): (bits: readonly LayerBits[]) => Promise<BitOutcome> {
  const { graph } = task;
  const outcomes = new Map<string, BitOutcome>();
  return async (bits) => {
    const key = bits.map(({ weights, activations }) => `${weights}x${activations}`).join();
    const known = outcomes.get(key);
    if (known) return known;
    const policy = policyOf(task, bits);
    const written = writtenPolicy(task, bits);
    const encoded = encodedAt(bits);
    const candidate = withEncodedWeights(graph, encoded, codes.decode);
    const { macs, parameters } = cost(candidate);
    const used = Object.fromEntries(walls.limits.map(({ name, of }) => [name, of(bits)]));
    const costs = {
      macs,
      parameters,
      bytes: packModel(graph, encoded).length,
      ...(policy.activations && { bops: operationsOfPolicy(graph, policy) }),
    };
    const measured = { ...costs, ...furtherFigures(used, costs) };
    const rewardOf = (evaluation: Evaluation) =>
      task.reward.evaluate({ ...evaluation, ...measured, limits: used, baseline: task.baseline });
    const rewardAt = (accuracy: number, divergence?: number) =>
      rewardOf({ accuracy, ...(divergence !== undefined && { divergence }) });
    const evaluation = await task.evaluate(withPolicyActivations(candidate, policy), {
      policy: written,
      rewardAt,
    });
    const outcome = {
      policy: written,
      reward: rewardOf(evaluation),
      measures: { ...evaluation, ...measured },
    };
    outcomes.set(key, outcome);
    return outcome;
  };
}

/** These bits as they are written: see `BitOutcome.policy`. */
export function writtenPolicy(task: QuantizeTask, bits: readonly LayerBits[]): unknown {
  const policy = policyOf(task, bits);
  return policy.activations ? policy : policy.weights;
}

function policyOf(
  { graph, layers, activations }: QuantizeTask,
  chosen: readonly LayerBits[],
): QuantizePolicy {
  const byLayer = <T>(value: (name: string, bits: LayerBits) => T): Record<string, T> =>
    Object.fromEntries(layers.map((name, i) => [name, value(name, chosen[i]!)]));
  const weights = byLayer((_name, layerBits) => layerBits.weights);
  if (!activations) return { weights };
  const { ranges, sums } = activations;
  const own = byLayer((name, { activations: bits }) => ({ bits, ...ranges[name]![bits]! }));
  if (!sums) return { weights, activations: own };
  const [, bits] = activations.bits;
  const joined = Object.fromEntries(sums.map((name) => [name, { bits, ...ranges[name]![bits]! }]));
  return { weights, activations: withSharedRanges(graph, { ...own, ...joined }) };
}
