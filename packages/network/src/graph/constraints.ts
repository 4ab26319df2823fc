/** A constraint on a weight, by its key in a layer's config: `kernel_constraint`, `bias_constraint`, ... */
const KEY = /_constraint$/;

/**
 * The class names of the constraints in a layer's config, those of wrapped layers too (`MaxNorm`, `NonNeg`,
 * ...).
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
 * A config without constraints. tfjs applies them whenever a weight is written, on loading too, which changes
 * weights that were stored: a network would not be read as it was written. They matter to training alone.
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
