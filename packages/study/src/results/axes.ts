import type { Variant } from '../plan/variant.js';

/** Names of all factors of a study's variants, each once, in their order. */
export function axesOf(variants: readonly Pick<Variant, 'labels'>[]): string[] {
  return [...new Set(variants.flatMap(({ labels }) => Object.keys(labels)))];
}
