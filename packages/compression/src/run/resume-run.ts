import { TersorError } from '@tersor/core';
import { START_OVER, type Checkpoint, type CheckpointStore } from './checkpoint.js';
import { configDifference, differenceOf, withoutStageTwo, type Origin } from './origin.js';
import type { RunState } from './run-state.js';
import type { TrainState } from '../training/train.js';

interface ResumeOptions {
  /** What the run is that wants to go on. */
  readonly origin: Origin;
  readonly resume: boolean;
  onNotice(text: string): void;
}

const EMPTY = (): RunState => ({ prune: {}, quantize: {} });

/**
 * The state that a compression begins with. Without `resume` an empty one; a checkpoint that is there is kept
 * aside. With it, that of the checkpoint, or of its stage 1 alone where only the config of stage 2 was
 * changed. Throws `CHECKPOINT_MISMATCH` for one of another run, `OUTPUT_FAILED`.
 */
export async function openRun(store: CheckpointStore<RunState>, options: ResumeOptions): Promise<RunState> {
  if (!options.resume) {
    await startOver(store, options);
    return EMPTY();
  }
  const checkpoint = await loadNewest(store, options);
  return checkpoint ? goOn(store, checkpoint, options) : EMPTY();
}

/**
 * The state that a training goes on with; undefined for a new one, as where there is no checkpoint. Without
 * `resume` one that is there is kept aside. Throws `CHECKPOINT_MISMATCH` for one of another training.
 */
export async function openTraining(
  store: CheckpointStore<TrainState>,
  options: ResumeOptions,
): Promise<TrainState | undefined> {
  if (!options.resume) {
    await startOver(store, options);
    return undefined;
  }
  const checkpoint = await loadNewest(store, options);
  if (!checkpoint) return undefined;
  const difference = differenceOf(checkpoint.origin, options.origin);
  if (difference !== undefined) throw mismatch(store.folder, difference);
  return checkpoint.state;
}

/**
 * The newest whole checkpoint, with a notice for each that is damaged. Throws `CHECKPOINT_MISMATCH` for one
 * of another version.
 */
async function loadNewest<State>(
  store: CheckpointStore<State>,
  { onNotice }: Pick<ResumeOptions, 'onNotice'>,
): Promise<Checkpoint<State> | undefined> {
  const damaged: string[] = [];
  const checkpoint = await store.load((file) => damaged.push(file));
  for (const file of damaged)
    onNotice(
      `The checkpoint ${file} is damaged; ` +
        `${checkpoint ? 'using the one before' : 'no other is whole, so this starts from the beginning'}.`,
    );
  return checkpoint;
}

/** Keeps a checkpoint that a new run would write over, and says where it is. Throws `OUTPUT_FAILED`. */
async function startOver<State>(
  store: CheckpointStore<State>,
  { onNotice }: Pick<ResumeOptions, 'onNotice'>,
): Promise<void> {
  const kept = await store.keepAside('move');
  if (kept === undefined) return store.clear();
  onNotice(
    `This starts from the beginning. The checkpoint of the run before is kept as ${kept}: to go on from it, ` +
      `stop this run, move that folder to ${store.folder} and add --resume; otherwise remove it.`,
  );
}

/** The error that says why a run cannot go on from a checkpoint. */
function mismatch(folder: string, difference: string): TersorError {
  return new TersorError(
    'CHECKPOINT_MISMATCH',
    `The checkpoint in ${folder} is of another run: ${difference}.`,
    { hint: START_OVER },
  );
}

async function goOn(
  store: CheckpointStore<RunState>,
  { state, origin: before }: Checkpoint<RunState>,
  { origin: now, onNotice }: ResumeOptions,
): Promise<RunState> {
  const earlier = differenceOf(withoutStageTwo(before), withoutStageTwo(now));
  if (earlier !== undefined) throw mismatch(store.folder, earlier);
  const difference = differenceOf(before, now);
  if (difference === undefined) return state;
  const hasBegun = Object.keys(state.quantize).length > 0;
  const isDeliberate = configDifference(before, now) !== undefined;
  if (hasBegun && !isDeliberate) throw mismatch(store.folder, difference);
  const stageOne = state.prune.graph ? 'stage 1 is kept' : 'stage 1 continues where it stopped';
  if (!hasBegun) {
    onNotice(`Stage 2 was changed since the checkpoint was made (${difference}): ${stageOne}.`);
    return state;
  }
  const kept = await store.keepAside('copy');
  const next: RunState = { ...state, quantize: {} };
  await store.save(next);
  onNotice(
    `Stage 2 was changed since the checkpoint was made (${difference}): ${stageOne}, stage 2 starts again. ` +
      `Its progress is kept as ${kept}; remove it if you do not need it.`,
  );
  return next;
}
