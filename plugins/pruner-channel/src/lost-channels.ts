import type { Removal } from '@tersor/network';

/** By layer, the input channels of its mixing kernel that go. */
export function lostInputs(removals: readonly Removal[]): Map<string, number[]> {
  const lost = new Map<string, number[]>();
  for (const { group, keep } of removals) {
    const kept = new Set(keep);
    for (const { layer, role, indexes } of group.members) {
      if (role !== 'consumes') continue;
      lost.set(layer, [
        ...(lost.get(layer) ?? []),
        ...indexes.flatMap((owned, channel) => (kept.has(channel) ? [] : owned)),
      ]);
    }
  }
  return lost;
}

/** By layer, the outputs of its kernel that go. */
export function lostOutputs(removals: readonly Removal[]): Map<string, Set<number>> {
  const lost = new Map<string, Set<number>>();
  for (const { group, keep } of removals) {
    const kept = new Set(keep);
    for (const { layer, role, indexes } of group.members) {
      if (role !== 'produces') continue;
      const outputs = lost.get(layer) ?? new Set();
      indexes.forEach((owned, channel) => !kept.has(channel) && owned.forEach((index) => outputs.add(index)));
      lost.set(layer, outputs);
    }
  }
  return lost;
}
