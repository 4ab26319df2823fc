/** A constraint on a weight, by its key in a layer's config: `kernel_constraint`, `bias_constraint`, ... */
const KEY = /_constraint$/;

/**
 * Class names of the constraints in a layer's config, including wrapped layers (`MaxNorm`, `NonNeg`, ...).
 */
export function constraintsOf(config: unknown): string[] {
  if (typeof config !== 'object' || config === null) return [];
  return Object.entries(config).flatMap(([key, value]: [string, unknown]) => {
    if (!KEY.test(key)) return constraintsOf(value);
    if (typeof value !== 'object' || value === null) return typeof value === 'string' ? [value] : [];
    return 'class_name' in value ? [String(value.class_name)] : [];
  });
}

/**
 * A config without constraints. tfjs applies them whenever a weight is written, even on loading, so a network
 * would not be read as it was written. Only training needs them.
 */
export function withoutConstraints<Config>(config: Config): Config {
  if (Array.isArray(config)) return config.map((value: unknown) => withoutConstraints(value)) as Config;
  if (typeof config !== 'object' || config === null) return config;
  const entries = Object.entries(config).map(([key, value]: [string, unknown]) => [
    key,
    KEY.test(key) ? null : withoutConstraints(value),
  ]);
  return Object.fromEntries(entries) as Config;
}
