import type { ModelSource, Selector } from './config-schema.js';

/** Splits a model's place into its path, and the format and options where they are named. */
export function modelParts(source: ModelSource): {
  path: string;
  use?: string;
  options: Record<string, unknown>;
} {
  if (typeof source === 'string') return { path: source, options: {} };
  const { path, use, ...options } = source;
  return { path, use, options };
}

/** Splits a selector into the plugin's name and its options. */
export function selectorParts(value: Selector): { use: string; options: Record<string, unknown> } {
  if (typeof value === 'string') return { use: value, options: {} };
  const { use, ...options } = value;
  return { use, options };
}
