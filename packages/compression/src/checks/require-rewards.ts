import { TersorError, TOKENS, type CompressConfig, type Host } from '@tersor/core';

/**
 * Throws `CONFIG_INVALID` where candidates are to race and the reward does not follow from their accuracy:
 * part of the images then does not tell which candidates can still win.
 */
export async function requireRewards(config: CompressConfig, host: Host): Promise<void> {
  for (const stage of ['prune', 'quantize'] as const) {
    if (!config[stage]?.racing) continue;
    const { id, needs } = await host.get(TOKENS.reward, stage);
    if (needs !== undefined)
      throw new TersorError(
        'CONFIG_INVALID',
        `${stage}.racing: candidates race by their accuracy, but the reward "${id}" depends on their ${needs}.`,
        {
          hint: `Leave "racing" out, or measure on fewer images: ${stage}.images or ${stage}.search.subset.`,
        },
      );
  }
}
