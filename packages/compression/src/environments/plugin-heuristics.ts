import { TersorError, type BudgetQuestion, type Heuristic, type Heuristics } from '@tersor/core';

/** Heuristics that each of our environments has of its own. */
const OWN: readonly string[] = ['uniform', 'magnitude'];

/** A plugin that may know heuristics. */
interface Knowing<Question extends BudgetQuestion> {
  readonly id: string;
  readonly heuristics?: Heuristics<Question>;
}

/**
 * The heuristics of plugins, by name. Throws `PLUGIN_DUPLICATE` for a name that another plugin or the
 * environment itself has.
 */
export function pluginHeuristics<Question extends BudgetQuestion>(
  plugins: readonly Knowing<Question>[],
): ReadonlyMap<string, Heuristic<Question>> {
  const found = new Map<string, { readonly by: string; readonly heuristic: Heuristic<Question> }>();
  for (const { id, heuristics = {} } of plugins) {
    for (const [name, heuristic] of Object.entries(heuristics)) {
      const owner = OWN.includes(name) ? 'the environment' : found.get(name)?.by;
      if (owner !== undefined)
        throw new TersorError(
          'PLUGIN_DUPLICATE',
          `"${id}" names a heuristic "${name}", and so does ${owner}.`,
          {
            hint: 'The author of one of them has to choose another name.',
          },
        );
      found.set(name, { by: `"${id}"`, heuristic });
    }
  }
  return new Map([...found].map(([name, { heuristic }]) => [name, heuristic]));
}

/** Names of all heuristics that our environments offer with these plugins. Throws `PLUGIN_DUPLICATE`. */
export function heuristicNames<Question extends BudgetQuestion>(
  plugins: readonly Knowing<Question>[],
): string[] {
  return [...OWN, ...pluginHeuristics(plugins).keys()];
}
