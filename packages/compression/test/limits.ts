import {
  createHost,
  type CompressConfig,
  type LatencyTable,
  type LayerGraph,
  type PruneLimit,
  type QuantizeLimit,
} from '@tersor/core';
import { slotsOfCompression } from '../src/config-slots.js';
import { limitPlugins } from '../src/limits/limit-plugins.js';
import { makePruneLimits, makeQuantizeLimits } from '../src/limits/make-limits.js';
import { createBitOperationsLimit, createBytesLimit } from '../src/limits/bit-limits.js';
import { costLimit } from '../src/limits/cost-limits.js';
import { createLatencyLimit } from '../src/limits/latency-limit.js';

interface PruneBudget {
  readonly macs?: number;
  readonly parameters?: number;
  readonly latency?: { readonly milliseconds: number; readonly table: LatencyTable };
}

/** Limits of stage 1 in absolute units; shares are of `original`. */
export function pruneLimits({ latency, ...counts }: PruneBudget, original: LayerGraph): PruneLimit[] {
  const making = { original, originalBytes: 0, backend: 'cpu' };
  return [
    ...(['macs', 'parameters'] as const).flatMap((name) =>
      counts[name] === undefined ? [] : [costLimit(name, counts[name]).prune({ ...making, name })],
    ),
    ...(latency ? [createLatencyLimit('latency', latency.table, latency.milliseconds)] : []),
  ];
}

/** The limits that the pipeline makes for a config. */
export async function limitsOfConfig(config: CompressConfig, original: LayerGraph, originalBytes: number) {
  const host = await createHost({
    slots: slotsOfCompression(config).filter(({ kind }) => kind === 'limit'),
    directory: '.',
    seed: 1,
    builtins: limitPlugins,
  });
  const making = { original, originalBytes, backend: 'cpu' };
  return {
    pruneLimits: await makePruneLimits(host, config.prune!, making),
    quantizeLimits: await makeQuantizeLimits(host, config.quantize!, making),
  };
}

/** Limits of stage 2 in absolute units. */
export function quantizeLimits(
  { bytes, bops }: { readonly bytes: number; readonly bops?: number },
  original: LayerGraph,
): QuantizeLimit[] {
  const making = { original, originalBytes: bytes, backend: 'cpu' };
  return [
    createBytesLimit(bytes).quantize({ ...making, name: 'bytes' }),
    ...(bops === undefined ? [] : [createBitOperationsLimit(bops).quantize({ ...making, name: 'bops' })]),
  ];
}
