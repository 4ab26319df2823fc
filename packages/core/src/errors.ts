/**
 * Every error code that Tersor throws, with what it means. `docs/errors.md` lists the same codes; a test
 * holds the two equal.
 */
export const ERROR_CODES = {
  AGENT_STATE_INVALID: 'A saved agent state does not fit the agent.',
  ARTIFACT_CORRUPT: 'A packed .tersor file is damaged or not one.',
  ARTIFACT_UNSUPPORTED: 'A packed .tersor file has a version or feature that this reader does not know.',
  BACKEND_UNAVAILABLE: 'The chosen backend cannot run on this machine.',
  BROWSER_UNAVAILABLE:
    'No browser can be started to measure in, or it lacks the backend or a graphics adapter.',
  BUDGET_EXCEEDED: 'A plugin made a candidate that is over the budget, though it was chosen to be within it.',
  BUDGET_INFEASIBLE: 'The budget is below the smallest network that the limits allow.',
  CHECKPOINT_MISMATCH: 'A checkpoint belongs to another config, model, data set or version.',
  CONFIG_INVALID: 'The config does not follow the schema, or would write over what it reads.',
  CONFIG_NOT_FOUND: 'The config file does not exist or cannot be read.',
  DATASET_INVALID: 'The data set is missing, empty or malformed, or has labels outside its classes.',
  EPISODE_OVER: 'step was called after the end of an episode, or before reset.',
  INPUTS_MISMATCH: 'The model, data, plugins or version here are not those that results are to come from.',
  INTERRUPTED: 'The run was stopped as requested; its checkpoint can be resumed.',
  LATENCY_TABLE_INVALID: 'A latency table is missing or malformed, or was made for another model or backend.',
  MODEL_INVALID: "The model's file is damaged, or of no kind that can be read.",
  MODEL_NOT_FOUND: 'The model file does not exist.',
  MODEL_UNSUPPORTED: 'The model uses something that Tersor cannot handle.',
  OUTPUT_FAILED: 'The output folder cannot be written.',
  OUTPUT_LOCKED: 'Another process is writing to the output folder.',
  OUTPUTS_NOT_FINITE: 'A network gives NaN or infinite values.',
  PLAN_MISMATCH: 'A plan was made for another network.',
  PLUGIN_AMBIGUOUS: 'A name stands for several plugins of one kind.',
  PLUGIN_CORE_MISMATCH: 'A plugin was made for another version of @tersor/core.',
  PLUGIN_DUPLICATE: 'Two plugins claim the same kind and id, or the same name of a heuristic.',
  PLUGIN_FAILED: 'A plugin threw while it was loaded, created or used.',
  PLUGIN_INVALID: 'A module does not export a Tersor plugin.',
  PLUGIN_MISBEHAVED: 'What a plugin returned breaks the contract of its kind.',
  PLUGIN_NOT_FOUND: 'No plugin of that name is installed.',
  PLUGIN_OPTIONS_INVALID: 'The options given to a plugin do not follow its schema.',
  POLICY_INVALID: 'A policy file is missing or malformed.',
  PORT_UNAVAILABLE: 'A server cannot listen on its port.',
  PRECISION_UNSUPPORTED: 'The backend does not offer that precision.',
  QUEUE_UNAVAILABLE: 'The server of a queue cannot be reached or used.',
  READ_BACK_FAILED: 'A written file does not give back the network that was evaluated.',
  SEARCH_WORKER_ENDED: 'A process that measures candidates of a search has ended again and again.',
  SPACE_UNSUPPORTED: 'The agent does not support that action space.',
  STORE_UNAVAILABLE: 'The object storage of a queue cannot be reached or used.',
  TRAINING_UNSUPPORTED: 'The backend cannot train, or a layer has no gradient.',
  TRIALS_FAILED: 'Trials of a study failed; the others are done.',
  WEIGHTS_NOT_FINITE: 'Weights hold NaN or infinite values.',
  WORKER_UNAVAILABLE: 'A page may not start the worker that decodes a packed file.',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** An error that the user can act on: a stable code, what happened, and what to do. */
export class TersorError extends Error {
  override readonly name = 'TersorError';

  constructor(
    /** Stable; the message is not. */
    readonly code: ErrorCode,
    message: string,
    options: { readonly hint?: string | undefined; readonly cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause });
    this.hint = options.hint;
  }

  /** What to do about it. */
  readonly hint: string | undefined;
}

/**
 * Whether a value is a `TersorError`, of this copy of core or of another one in the same process: told by
 * name and code, since a plugin with node_modules of its own throws errors of another class of that name.
 */
export function isTersorError(value: unknown): value is TersorError {
  if (typeof value !== 'object' || value === null || !('name' in value) || !('code' in value)) return false;
  return value.name === 'TersorError' && 'message' in value && String(value.code) in ERROR_CODES;
}

/** What a thrown value says; anything can be thrown. */
export function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
