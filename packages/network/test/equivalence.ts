import * as tf from '@tensorflow/tfjs-core';
import { createRandom, type LayerGraph } from '@tersor/core';
import { cost } from '../src/cost/cost.js';
import { channelCost } from '../src/cost/channel-cost.js';
import { channelGroups } from '../src/groups/channel-groups.js';
import { removeAll, type Removal } from '../src/surgery/remove-channels.js';
import { largestDifference, run, runMasked } from './masked-run.js';

/** Draws for every group the channels that stay: at least one, and more than `least` of them (a share). */
export function randomRemovals(graph: LayerGraph, seed: number, least = 0): Removal[] {
  const random = createRandom(seed, 'plan');
  return channelGroups(graph).groups.map((group) => {
    const fixed = Math.floor(least * group.channels);
    const count = fixed + 1 + random.integer(group.channels - fixed);
    return {
      group,
      keep: random
        .permutation(group.channels)
        .slice(0, count)
        .sort((a, b) => a - b),
    };
  });
}

/** What a random plan did to a network. */
export interface EquivalenceResult {
  /** Between the pruned and the masked network, on random inputs. */
  readonly difference: number;
  /**
   * Between the pruned and the original network, measured in one case of five: what a comparison that sees
   * nothing would miss.
   */
  readonly effect: number | undefined;
  readonly pruned: LayerGraph;
  readonly groups: number;
  /** Channels removed, over all groups. */
  readonly removed: number;
}

/**
 * Prunes by a plan and compares with the masked network. Throws where the costs of channel counts and of the
 * pruned network disagree.
 */
export async function comparePruned(
  graph: LayerGraph,
  removals: readonly Removal[],
  seed: number,
): Promise<EquivalenceResult> {
  const pruned = removeAll(graph, removals);
  const random = createRandom(seed, 'input');
  const inputs = graph.inputs.map((input) => {
    const shape = [2, ...(graph.calls[input]!.outputShape as number[])];
    return tf.tensor(
      Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal()),
      shape,
    );
  });
  const results = await run(pruned, inputs);
  const difference = largestDifference(await runMasked(graph, removals, inputs), results);
  const effect = seed % 5 === 0 ? largestDifference(await run(graph, inputs), results) : undefined;
  tf.dispose(inputs);
  const { macs, parameters } = cost(pruned);
  const predicted = channelCost(
    graph,
    removals.map(({ group }) => group),
  )(removals.map(({ keep }) => keep.length));
  if (predicted.macs !== macs || predicted.parameters !== parameters) {
    throw new Error(
      `costs disagree: channels ${JSON.stringify(predicted)}, network ${JSON.stringify({ macs, parameters })}`,
    );
  }
  const removed = removals.reduce((sum, { group, keep }) => sum + group.channels - keep.length, 0);
  return { difference, effect, pruned, groups: removals.length, removed };
}
