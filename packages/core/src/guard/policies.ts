import type { EnvironmentTask } from '../contracts/environment-task.js';
import type { ChannelGroup, PruneStep } from '../contracts/pruner.js';
import { misbehaved, type Culprit } from './culprit.js';
import { isRecord } from '../is-record.js';
import { isAscending } from './values.js';

/**
 * Throws `PLUGIN_MISBEHAVED` for the policy of an episode, which a member has given, that the pipeline could
 * not carry out.
 */
export function requirePolicy(
  culprit: Culprit,
  member: string,
  task: EnvironmentTask,
  policy: unknown,
): void {
  if (task.stage === 'quantize') requireBits(culprit, member, task.layers, policy);
  else {
    if (!Array.isArray(policy)) throw misbehaved(culprit, member, 'a list of prune steps', policy);
    for (const step of policy as unknown[]) {
      const group = task.groups.find(({ name }) => name === (step as PruneStep | undefined)?.group);
      if (!group)
        throw misbehaved(
          culprit,
          member,
          `steps for groups of this network (${nameSome(task.groups)})`,
          step,
        );
      requireStep(
        culprit,
        member,
        step,
        group,
        task.pruners.map(({ id }) => id),
      );
    }
  }
}

/** Throws `PLUGIN_MISBEHAVED` unless a value is a step for this group by one of these pruners. */
export function requireStep(
  culprit: Culprit,
  member: string,
  step: unknown,
  group: ChannelGroup,
  pruners: readonly string[],
): asserts step is PruneStep {
  const wrong = (expected: string, value: unknown) => misbehaved(culprit, member, expected, value);
  if (typeof step !== 'object' || step === null) throw wrong('a step { pruner, group, keep }', step);
  const { pruner, group: name, keep, zeroSlices, removeLayers } = step as PruneStep;
  if (!pruners.includes(pruner))
    throw wrong(`a step by the pruner ${pruners.map((id) => `"${id}"`).join(' or ')}`, pruner);
  if (name !== group.name) throw wrong(`a step for the group "${group.name}"`, name);
  if (keep !== undefined && !isAscending(keep, group.channels)) {
    throw wrong(`keep with ascending channels from 0 to ${group.channels - 1} (group "${group.name}")`, keep);
  }
  if (
    removeLayers !== undefined &&
    !(Array.isArray(removeLayers) && removeLayers.every((each) => typeof each === 'string'))
  ) {
    throw wrong('removeLayers with names of layers', removeLayers);
  }
  if (zeroSlices === undefined) return;
  if (!Array.isArray(zeroSlices)) throw wrong('zeroSlices as a list of { layer, slices }', zeroSlices);
  for (const each of zeroSlices as readonly unknown[]) {
    const { layer, slices } = (each ?? {}) as { layer?: unknown; slices?: unknown };
    if (typeof layer !== 'string') throw wrong('zeroSlices as a list of { layer, slices }', each);
    const known =
      Array.isArray(slices) && slices.every((slice) => Number.isInteger(slice) && (slice as number) >= 0);
    if (!known) throw wrong('zeroSlices with flat indexes of kernel slices', slices);
  }
}

function requireBits(culprit: Culprit, member: string, layers: readonly string[], policy: unknown): void {
  if (!isRecord(policy)) throw misbehaved(culprit, member, 'bits by layer', policy);
  const { weights } = policy;
  const chosen = isRecord(weights) ? weights : policy;
  for (const [layer, bits] of Object.entries(chosen)) {
    if (!layers.includes(layer))
      throw misbehaved(culprit, member, 'bits of layers that are quantized', layer);
    const isAllowed = Number.isInteger(bits) && Number(bits) >= 1 && Number(bits) <= 8;
    if (!isAllowed) throw misbehaved(culprit, member, `1 to 8 bits for the layer "${layer}"`, bits);
  }
}

function nameSome(groups: readonly ChannelGroup[]): string {
  return `${groups
    .slice(0, 5)
    .map(({ name }) => name)
    .join(', ')}${groups.length > 5 ? ', ...' : ''}`;
}
