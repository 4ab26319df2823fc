import { TersorError, type CompressConfig, type Plugin, type WiredPlugin } from '@tersor/core';

/**
 * Throws `CONFIG_INVALID` where a search in several processes needs a plugin that was given as an object:
 * only what a config names can be loaded in another process.
 */
export function requireSendable(
  { prune, quantize }: CompressConfig,
  wired: readonly WiredPlugin[],
  given: readonly Plugin[] = [],
): void {
  const stage = Object.entries({ prune, quantize }).find(([, each]) => (each?.search.parallel ?? 1) > 1)?.[0];
  const stuck = wired.find(({ kind, id, source }) =>
    given.some((plugin) => plugin.kind === kind && plugin.id === id && plugin.name === source),
  );
  if (stage === undefined || !stuck) return;
  throw new TersorError(
    'CONFIG_INVALID',
    `${stage}.search.parallel uses separate processes, which cannot load the ${stuck.kind} "${stuck.id}": it was given as an object.`,
    { hint: 'Name its package or file in the config, or leave "parallel" out.' },
  );
}
