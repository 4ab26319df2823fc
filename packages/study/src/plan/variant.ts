/** Config paths and the values that replace those of the base config. */
export type Settings = Readonly<Record<string, unknown>>;

/** One combination of the grid. */
export interface Variant {
  /** Labels of its axes, joined by commas. */
  readonly name: string;
  /** Label on each axis. */
  readonly labels: Readonly<Record<string, string>>;
  readonly settings: Settings;
}
