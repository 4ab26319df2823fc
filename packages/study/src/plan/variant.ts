/** Config paths and the values that replace those of the base config. */
export type Settings = Readonly<Record<string, unknown>>;

/**
 * Settings of several places as one, to be applied in this order: what comes later wins, also over a path
 * above or below its own.
 */
export function joinedSettings(...all: readonly Settings[]): Settings {
  const joined = new Map<string, unknown>();
  for (const [path, value] of all.flatMap((settings) => Object.entries(settings))) {
    // A path that was there already would keep its place.
    joined.delete(path);
    joined.set(path, value);
  }
  return Object.fromEntries(joined);
}

/** One combination of the grid. */
export interface Variant {
  /** Labels of its axes, joined by commas. */
  readonly name: string;
  /** Label on each axis. */
  readonly labels: Readonly<Record<string, string>>;
  readonly settings: Settings;
}
