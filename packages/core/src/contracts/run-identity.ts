/**
 * The things that a run's results come from, besides its config, by their content: where they lie does not
 * matter. Plain JSON; hashes are SHA-256, hexadecimal.
 */
export interface RunIdentity {
  /** Version of Tersor. */
  readonly tersor: string;
  /** The model; of a training, the architecture. */
  readonly model: ModelContent;
  /** A training's teacher. */
  readonly teacher?: ModelContent;
  /** What the data set says of its content, or a hash of a sample. */
  readonly dataset: string;
  /**
   * Files that options of plugins name, where the plugin says that their content counts; by place in the
   * config and path: "prune.budget.latency: table.json".
   */
  readonly files: Readonly<Record<string, string>>;
  /**
   * Every plugin as "source#id version", by kind and place: "agent/prune", "backend/train", "dataset"; with a
   * hash of its code where that can change without its version.
   */
  readonly plugins: Readonly<Record<string, string>>;
}

/** Hashes of a model. */
export interface ModelContent {
  /** Layers and shapes; the code of an architecture's module. */
  readonly topology: string;
  /** Absent where there is only an architecture. */
  readonly weights?: string;
}
