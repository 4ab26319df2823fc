import {
  TersorError,
  TOKENS,
  type Host,
  type LimitContext,
  type PruneConfig,
  type PruneLimit,
  type QuantizeConfig,
  type QuantizeLimit,
} from '@tersor/core';
import { budgetPaths, SLOTS } from '../config-slots.js';

type Making = Omit<LimitContext, 'name'>;

/**
 * The limits of each round of stage 1: `stages`, then `budget`. Throws what the limits throw, for instance
 * `LATENCY_TABLE_INVALID`, and `CONFIG_INVALID` for one that is not of this stage.
 */
export async function makePruneLimits(
  host: Host,
  config: PruneConfig,
  making: Making,
): Promise<PruneLimit[][]> {
  const rounds: PruneLimit[][] = [];
  for (const { path, budget } of budgetPaths('prune', config)) {
    const limits: PruneLimit[] = [];
    for (const name of Object.keys(budget)) {
      const factory = await host.get(TOKENS.limit, SLOTS.limit(`${path}.${name}`));
      if (!factory.prune) throw wrongStage(`${path}.${name}`, factory.id, 'prune');
      limits.push(await factory.prune({ ...making, name }));
    }
    rounds.push(limits);
  }
  return rounds;
}

/** The limits of stage 2. Throws as `makePruneLimits` does. */
export async function makeQuantizeLimits(
  host: Host,
  config: QuantizeConfig,
  making: Making,
): Promise<QuantizeLimit[]> {
  const limits: QuantizeLimit[] = [];
  for (const { path, budget } of budgetPaths('quantize', config)) {
    for (const name of Object.keys(budget)) {
      const factory = await host.get(TOKENS.limit, SLOTS.limit(`${path}.${name}`));
      if (!factory.quantize) throw wrongStage(`${path}.${name}`, factory.id, 'quantize');
      limits.push(await factory.quantize({ ...making, name }));
    }
  }
  return limits;
}

function wrongStage(path: string, id: string, stage: string): TersorError {
  return new TersorError(
    'CONFIG_INVALID',
    `${path}: the limit "${id}" does not apply to the stage "${stage}".`,
    {
      hint: 'Its page says which stage it limits.',
    },
  );
}
