import type { Summary } from './pipeline-types.js';

/**
 * The stages that made the compressed network: those that were searched, or those of a policy that was
 * carried out.
 */
export function stagesOf({ search, carriedOut, config }: Summary): ('prune' | 'quantize')[] {
  return (['prune', 'quantize'] as const).filter(
    (stage) => (carriedOut ? config[stage] : search[stage]) !== undefined,
  );
}
