import {
  TersorError,
  type ChannelGroup,
  type CompressConfig,
  type LayerGraph,
  type PrunePlan,
  type Pruner,
  type Quantizer,
} from '@tersor/core';
import { cost, channelGroups, joiningLayers } from '@tersor/network';
import { matchesAny } from '../checks/layer-patterns.js';
import { layersWithKernels } from './quantized-graph.js';
import type { QuantizePolicy } from './quantize-policy.js';
import { plansOf, type GivenPolicy } from './given-policy.js';

interface Carrying {
  readonly config: CompressConfig;
  readonly original: LayerGraph;
  readonly pruners: readonly Pruner[];
  readonly quantizer: Quantizer | undefined;
}

/**
 * Checks a given policy against the config and the original network, before anything long begins. Throws
 * `CONFIG_INVALID` where the two have other stages, and `PLAN_MISMATCH`, naming the layer, where the policy
 * was made for another network.
 */
export function requirePolicy(
  { policy, source, madeFor }: GivenPolicy,
  { config, original, pruners, quantizer }: Carrying,
): void {
  const plans = plansOf(policy);
  requireStage(source, 'prune', plans.length > 0, config.prune !== undefined);
  requireStage(source, 'quantize', policy.quantize !== undefined, config.quantize !== undefined);
  requireStage(
    source,
    'quantize.activations',
    policy.activations !== undefined,
    config.quantize?.activations !== undefined,
  );
  if (madeFor) requireSameLayers(source, madeFor, original);
  // Later rounds go on from smaller networks, whose channels are fewer, never other ones.
  if (config.prune)
    for (const plan of plans) requirePlan(plan, { graph: original, pruners, exclude: config.prune.exclude });
  if (config.prune && config.prune.environment === undefined)
    requireWhole(plans[0]!, original, config.prune.exclude);
  if (!config.quantize || !policy.quantize) return;
  requireBits(
    { weights: policy.quantize, ...(policy.activations && { activations: policy.activations }) },
    { graph: original, quantizer, exclude: config.quantize.exclude },
  );
  if (config.quantize.environment !== undefined) return;
  // Whole blocks may go in stage 1.
  const gone = new Set(plans.flat().flatMap(({ removeLayers = [] }) => removeLayers));
  const silent = layersWithKernels(original).find(
    ({ name }) =>
      !Object.hasOwn(policy.quantize!, name) &&
      !gone.has(name) &&
      !matchesAny(name, config.quantize!.exclude),
  );
  if (silent)
    throw mismatch(`The policy has no bit width for "${silent.name}" of the network "${original.name}".`);
}

interface PlanContext {
  /** The network that the plan is carried out on. */
  readonly graph: LayerGraph;
  readonly pruners: readonly Pruner[];
  readonly exclude: readonly string[];
}

/** Throws `PLAN_MISMATCH`, naming the layer, when a plan of stage 1 does not fit a network. */
export function requirePlan(plan: PrunePlan, { graph, pruners, exclude }: PlanContext): void {
  const groups = new Map(channelGroups(graph).groups.map((group) => [group.name, group]));
  const slices = new Map(
    graph.layers.map(({ name, weights }) => [
      name,
      weights
        .find((weight) => weight.name === 'kernel')
        ?.shape.slice(-2)
        .reduce((product, size) => product * size, 1) ?? 0,
    ]),
  );
  const told = new Set<string>();
  for (const { pruner, group: name, keep, zeroSlices = [], removeLayers = [] } of plan) {
    const step = JSON.stringify([pruner, name]);
    if (told.has(step)) throw mismatch(`The policy prunes "${name}" twice with the pruner "${pruner}".`);
    told.add(step);
    if (!pruners.some(({ id }) => id === pruner)) {
      throw new TersorError(
        'PLAN_MISMATCH',
        `The policy prunes "${name}" with the pruner "${pruner}", which the config does not have.`,
        { hint: `It has: ${pruners.map(({ id }) => id).join(', ')}.` },
      );
    }
    const group = groups.get(name);
    if (!group)
      throw mismatch(
        `The policy prunes the channels of "${name}", which the network "${graph.name}" does not have.`,
      );
    if (producersOf(group).some((layer) => matchesAny(layer, exclude))) {
      throw new TersorError(
        'PLAN_MISMATCH',
        `The policy prunes "${name}", which prune.exclude (${exclude.join(', ')}) leaves out.`,
        { hint: 'Use the config that the policy was made with.' },
      );
    }
    requireKeep(group, keep);
    for (const { layer, slices: gone } of zeroSlices) {
      const count = slices.get(layer) ?? 0;
      const beyond = gone.find((slice) => slice >= count);
      if (count === 0 || beyond !== undefined)
        throw mismatch(
          `The policy zeroes slice ${beyond ?? 0} of "${layer}", which has ${count} in the network "${graph.name}".`,
        );
    }
    const stranger = removeLayers.find((layer) => !slices.has(layer));
    if (stranger !== undefined)
      throw mismatch(
        `The policy removes the layer "${stranger}", which the network "${graph.name}" does not have.`,
      );
  }
}

/** Throws `PLAN_MISMATCH`, naming the layer, when bit widths do not fit a network or its quantizer. */
export function requireBits(
  { weights, activations = {} }: QuantizePolicy,
  {
    graph,
    quantizer,
    exclude,
  }: {
    readonly graph: LayerGraph;
    readonly quantizer: Quantizer | undefined;
    readonly exclude: readonly string[];
  },
): void {
  const names = new Set(layersWithKernels(graph).map(({ name }) => name));
  const sums = new Set(joiningLayers(graph));
  for (const name of [...Object.keys(weights), ...Object.keys(activations)]) {
    if (!names.has(name) && (!sums.has(name) || Object.hasOwn(weights, name)))
      throw mismatch(
        `The policy has a bit width for "${name}", of which the network "${graph.name}" has no kernel.`,
      );
    if (!matchesAny(name, exclude)) continue;
    throw new TersorError(
      'PLAN_MISMATCH',
      `The policy has a bit width for "${name}", which quantize.exclude (${exclude.join(', ')}) leaves out.`,
      { hint: 'Use the config that the policy was made with.' },
    );
  }
  if (!quantizer) return;
  const [least, most] = quantizer.bits;
  const beyond = Object.entries(weights).find(([, bits]) => bits < least || bits > most);
  if (beyond) {
    throw new TersorError(
      'PLAN_MISMATCH',
      `The policy gives "${beyond[0]}" ${beyond[1]} bits, but the quantizer "${quantizer.id}" gives ${least} to ${most}.`,
      { hint: 'Use the quantizer that the policy was made with.' },
    );
  }
}

function requireStage(source: string, stage: string, isGiven: boolean, isConfigured: boolean): void {
  if (isGiven === isConfigured) return;
  const message = isGiven
    ? `${source} has a policy for "${stage}", which the config does not have.`
    : `The config has "${stage}", but ${source} has no policy for it.`;
  throw new TersorError('CONFIG_INVALID', message, {
    hint: 'Use the config that the policy was made with, and the same --set.',
  });
}

function requireSameLayers(
  source: string,
  madeFor: Readonly<Record<string, number>>,
  graph: LayerGraph,
): void {
  const counts = new Map(cost(graph).layers.map(({ name, parameters }) => [name, parameters]));
  for (const [layer, parameters] of Object.entries(madeFor)) {
    if (counts.get(layer) === parameters) continue;
    const here = counts.has(layer) ? `has ${counts.get(layer)} parameters` : 'is not there';
    throw mismatch(
      `${source} was made for another network: "${layer}" has ${parameters} parameters there, and ${here} in "${graph.name}".`,
    );
  }
}

/** The pruning environment plans every group of the network. */
function requireWhole(plan: PrunePlan, graph: LayerGraph, exclude: readonly string[]): void {
  const planned = new Set(plan.map(({ group }) => group));
  const silent = channelGroups(graph).groups.find(
    (group) => !planned.has(group.name) && !producersOf(group).some((layer) => matchesAny(layer, exclude)),
  );
  if (silent)
    throw mismatch(
      `The policy says nothing of the channels of "${silent.name}" of the network "${graph.name}".`,
    );
}

function requireKeep({ name, channels }: ChannelGroup, keep: readonly number[] = []): void {
  const bad = keep.findIndex((channel, i) => channel >= channels || (i > 0 && channel <= keep[i - 1]!));
  if (bad < 0) return;
  if (keep[bad]! >= channels)
    throw mismatch(
      `The policy keeps channel ${keep[bad]} of "${name}", which has ${channels}, counted from 0.`,
    );
  throw mismatch(
    `The policy keeps the channels of "${name}" out of order: ${keep[bad]} after ${keep[bad - 1]}.`,
  );
}

function producersOf({ members }: ChannelGroup): string[] {
  return members.filter(({ role }) => role === 'produces').map(({ layer }) => layer);
}

function mismatch(message: string): TersorError {
  return new TersorError('PLAN_MISMATCH', message, {
    hint: 'Apply a policy to the network and with the config that it was made for.',
  });
}
