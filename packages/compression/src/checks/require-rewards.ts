import { TersorError, TOKENS, type CompressConfig, type Host } from '@tersor/core';

/**
 * Throws `CONFIG_INVALID` where candidates are to race by confidence and the reward does not follow from
 * their accuracy, of which alone limits are known.
 */
export async function requireRewards(config: CompressConfig, host: Host): Promise<void> {
  for (const stage of ['prune', 'quantize'] as const) {
    const { racing } = config[stage] ?? {};
    if (!racing || racing.by === 'halving') continue;
    const { id, needs } = await host.get(TOKENS.reward, stage);
    if (needs !== undefined)
      throw new TersorError(
        'CONFIG_INVALID',
        `${stage}.racing: by confidence, candidates race by their accuracy, but the reward "${id}" depends on their ${needs}.`,
        {
          hint: `Let them race by halving (${stage}.racing={ by: halving }), or measure all on fewer images: ${stage}.images or ${stage}.search.subset.`,
        },
      );
  }
}
