import { isRecord } from '@tersor/core';

/**
 * What a candidate's policy says of each group or layer, in words: of a plan the channels, slices and layers,
 * of bit widths the bits. Empty for a policy of another kind.
 */
export function policyWords(policy: unknown): Readonly<Record<string, string>> {
  if (Array.isArray(policy)) return Object.fromEntries((policy as unknown[]).flatMap(ofStep));
  if (!isRecord(policy)) return {};
  return Object.fromEntries(
    Object.entries(policy).flatMap(([layer, value]): [string, string][] => {
      if (typeof value === 'number') return [[layer, `${value} bits`]];
      return typeof value === 'string' ? [[layer, value]] : [];
    }),
  );
}

function ofStep(step: unknown): [string, string][] {
  if (!isRecord(step) || typeof step['group'] !== 'string') return [];
  const { keep, zeroSlices, removeLayers } = step;
  const slices = listOf(zeroSlices).reduce<number>(
    (sum, each) => sum + (isRecord(each) ? listOf(each['slices']).length : 0),
    0,
  );
  const parts = [
    ...(Array.isArray(keep) ? [`${keep.length} channels`] : []),
    ...(slices > 0 ? [`${slices} slices zero`] : []),
    ...(listOf(removeLayers).length > 0 ? ['removed'] : []),
  ];
  return [[step['group'], parts.join(', ') || 'whole']];
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
