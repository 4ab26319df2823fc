import { TersorError, TOKENS, type CompressConfig, type Host } from '@tersor/core';
import { CALIBRATED_HEURISTIC } from '../calibration/calibration.js';
import { prunerSelectors, SLOTS } from '../config-slots.js';
import { heuristicNames } from '../environments/plugin-heuristics.js';

/**
 * Names of the heuristics that our environment of a stage will offer. Pruners know some for where channels
 * are chosen. Throws `PLUGIN_DUPLICATE`.
 */
export async function offeredHeuristics(
  { prune, quantize }: CompressConfig,
  stage: 'prune' | 'quantize',
  host: Host,
): Promise<readonly string[]> {
  if (stage === 'quantize') {
    if (!quantize) return [];
    const quantizer = await host.get(TOKENS.quantizer, SLOTS.quantize);
    return [...heuristicNames([quantizer]), ...(quantizer.calibration ? [CALIBRATED_HEURISTIC] : [])];
  }
  if (!prune) return [];
  const pruners = [];
  for (const index of prunerSelectors(prune.pruner).keys())
    pruners.push(await host.get(TOKENS.pruner, SLOTS.pruner(index)));
  if (pruners.some(({ action }) => action === 'channels')) return heuristicNames(pruners);
  const alone = pruners.flatMap(({ sliceHeuristic }) => (sliceHeuristic ? [sliceHeuristic.name] : []));
  return [...heuristicNames([]), ...alone.slice(0, 1)];
}

/** Throws `CONFIG_INVALID` for a warm start that is not offered; lists what is. */
export function requireWarmStart(
  stage: 'prune' | 'quantize',
  warmStart: readonly string[],
  offered: readonly string[],
): void {
  const unknown = warmStart.find((name) => !offered.includes(name));
  if (unknown === undefined) return;
  throw new TersorError(
    'CONFIG_INVALID',
    `${stage}.search.warmStart: there is no heuristic "${unknown}"; offered here: ${offered.join(', ')}.`,
    {
      hint: `Besides uniform and magnitude, there are those that the ${stage === 'prune' ? 'pruner' : 'quantizer'} offers.`,
    },
  );
}
