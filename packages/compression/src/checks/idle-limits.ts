import type { CompressConfig, LayerGraph, PruneLimit, QuantizeLimit } from '@tersor/core';

interface Limits {
  readonly original: LayerGraph;
  readonly originalBytes: number;
  /** The limits of the rounds of stage 1. */
  readonly pruneLimits: readonly (readonly PruneLimit[])[];
  readonly quantizeLimits: readonly QuantizeLimit[];
}

/** A sentence for each budget that the original keeps already: more likely a mistake than intended. */
export function idleLimits(
  { prune, quantize }: CompressConfig,
  { original, originalBytes, pruneLimits, quantizeLimits }: Limits,
): string[] {
  const last = prune ? (pruneLimits.at(-1) ?? []) : [];
  const sentences = last
    .filter((limit) => limit.limit > limit.of(original))
    .map(({ name, limit, of, format }) =>
      sentence(`prune.budget.${name}`, format(limit, Math.floor), format(of(original), Math.ceil)),
    );
  const bytes = quantize && quantizeLimits.find(({ name }) => name === 'bytes');
  if (bytes && bytes.limit > originalBytes)
    sentences.push(
      sentence(
        'quantize.budget.bytes',
        bytes.format(bytes.limit, Math.floor),
        bytes.format(originalBytes, Math.ceil),
      ),
    );
  return sentences;
}

function sentence(path: string, limit: string, original: string): string {
  return `${path} is ${limit}, and the original has ${original}: it limits nothing.`;
}
