import type { Variant } from '../plan/variant.js';

/** Names of the factors of a study's variants, without repetition, in order of appearance. */
export function axesOf(variants: readonly Pick<Variant, 'labels'>[]): string[] {
  return [...new Set(variants.flatMap(({ labels }) => Object.keys(labels)))];
}
