import type { GraphLayer } from '@tersor/core';
import type { PartConstant, PartStep } from '@tersor/runtime';

/**
 * Steps and constants of a `TersorFrozenPart`, their words in camel case: a config that was read from a
 * LayersModel has them in snake case.
 */
export function stepsOf({ config }: Pick<GraphLayer, 'config'>): {
  readonly steps: readonly PartStep[];
  readonly constants: readonly PartConstant[];
} {
  const { steps, constants = [] } = config as {
    readonly steps: readonly PartStep[];
    readonly constants?: readonly PartConstant[];
  };
  return {
    constants,
    steps: steps.map(({ operation, inputs, options = {} }) => ({
      operation: camelCase(operation),
      inputs,
      options: Object.fromEntries(Object.entries(options).map(([key, value]) => [camelCase(key), value])),
    })),
  };
}

function camelCase(word: string): string {
  return word.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
