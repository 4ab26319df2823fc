import { isTersorError, percent, type LayerGraph, type PruneConfig } from '@tersor/core';
import type { PipelineContext } from './pipeline-context.js';
import { copyWeights, withWeights } from '@tersor/network';
import type { QuantizingProjection } from './quantization-training.js';
import { requireGoingOn } from '../run/interruption.js';
import type { StageState } from '../run/run-state.js';
import { train, type TrainRun } from '../training/train.js';

type FinetuneStage = 'prune-finetune' | 'quantize-finetune';

interface FinetuneRun extends Pick<TrainRun, 'graph' | 'teacher' | 'keepZeros'> {
  readonly projection?: QuantizingProjection;
  /**
   * Why the trained network cannot be taken, in words; undefined where it can. Asked when the projection has
   * encoded it.
   */
  refuse?(trained: LayerGraph): string | undefined;
}

/**
 * Trains a candidate for some epochs as the config says, from a checkpoint where there is one. With a
 * projection, the projected network is the result. A fine-tune that lowered the accuracy on the validation
 * images, or diverged, or whose network is refused, is undone: the result is never worse than what it began
 * with.
 */
export async function finetune(
  context: PipelineContext,
  stage: FinetuneStage,
  options: PruneConfig['finetune'],
  state: StageState,
  { projection, refuse, ...run }: FinetuneRun,
): Promise<LayerGraph> {
  if (options.epochs > 0) context.events.onStage?.(stage);
  const project = (graph: LayerGraph): LayerGraph =>
    projection ? withWeights(graph, [...projection.project(copyWeights(graph))]) : graph;
  const untrained = project(run.graph);
  if (options.epochs === 0) return untrained;
  const untrainedCodes = new Map(projection?.encoded());
  await context.trainBackend.activate();
  if (projection && state.finetune?.encoded) projection.load(state.finetune.encoded);
  const training = train({
    ...run,
    ...(projection && { project: projection.project }),
    ...(state.finetune && { resume: state.finetune.state }),
    backend: context.trainBackend,
    dataset: context.dataset,
    options,
    seed: context.config.seed,
    onStep: (done, total, step) =>
      context.events.onProgress?.({ stage, done, total, unit: 'steps', ...step }),
    onEpoch: (_record, trainState) =>
      context.saveProgress(() => {
        state.finetune = { state: trainState, ...(projection && { encoded: projection.encoded() }) };
      }),
    ...(context.shouldStop && { shouldStop: context.shouldStop }),
  });
  const undo = (reason: string): LayerGraph => {
    if (projection) projection.load(untrainedCodes);
    const place = stage === 'prune-finetune' ? 'prune.finetune' : 'quantize.finetune';
    const advice = `Lower ${place}.learningRate (now ${options.learningRate}), or set ${place}.epochs to 0.`;
    context.events.onNotice?.(`The fine-tune ${reason}, so the network before it is kept. ${advice}`);
    return untrained;
  };
  try {
    const { graph } = await training;
    requireGoingOn(context);
    await context.evaluateBackend.activate();
    const trained = project(graph);
    const refusal = refuse?.(trained);
    if (refusal !== undefined) return undo(refusal);
    const after = await context.validationAccuracy(trained);
    const before = await context.validationAccuracy(untrained);
    if (after >= before) return trained;
    return undo(`lowered the validation accuracy from ${percent(before)} to ${percent(after)}`);
  } catch (error) {
    if (!isTersorError(error) || !DIVERGED.has(error.code)) throw error;
    await context.evaluateBackend.activate();
    // Where the network before it has no accuracy either, the fine-tune is not to blame.
    await context.validationAccuracy(untrained);
    return undo(`diverged (${error.message.replace(/\.$/, '')})`);
  }
}

/** What a training ends with that went wrong because of its learning rate. */
const DIVERGED: ReadonlySet<string> = new Set(['OUTPUTS_NOT_FINITE', 'WEIGHTS_NOT_FINITE']);
