import type { LayerGraph, PruneConfig } from '@tersor/core';
import type { PipelineContext } from './compress.js';
import { copyWeights, withWeights } from './graph-weights.js';
import type { QuantizingProjection } from './quantization-training.js';
import { requireGoingOn } from './run/interruption.js';
import type { StageState } from './run/run-state.js';
import { train, type TrainRun } from './training/train.js';

type FinetuneStage = 'prune-finetune' | 'quantize-finetune';

interface FinetuneRun extends Pick<TrainRun, 'graph' | 'teacher' | 'keepZeros'> {
  readonly projection?: QuantizingProjection;
}

/**
 * Trains a candidate for some epochs as the config says, from a checkpoint where there is one. With a projection, the projected network is the result.
 * A fine-tune that lowered the accuracy on the validation images is undone: the result is never worse than what it began with.
 */
export async function finetune(
  context: PipelineContext,
  stage: FinetuneStage,
  options: PruneConfig['finetune'],
  state: StageState,
  { projection, ...run }: FinetuneRun,
): Promise<LayerGraph> {
  context.events.onStage?.(stage);
  const project = (graph: LayerGraph): LayerGraph => (projection ? withWeights(graph, [...projection.project(copyWeights(graph))]) : graph);
  const untrained = project(run.graph);
  if (options.epochs === 0) return untrained;
  const untrainedCodes = new Map(projection?.encoded());
  await context.trainBackend.activate();
  if (projection && state.finetune?.encoded) projection.load(state.finetune.encoded);
  const { graph } = await train({
    ...run,
    ...(projection && { project: projection.project }),
    ...(state.finetune && { resume: state.finetune.state }),
    backend: context.trainBackend,
    dataset: context.dataset,
    options,
    seed: context.config.seed,
    onStep: (done, total) => context.events.onProgress?.({ stage, done, total }),
    onEpoch: (_record, trainState) =>
      context.saveProgress(() => {
        state.finetune = { state: trainState, ...(projection && { encoded: projection.encoded() }) };
      }),
    ...(context.shouldStop && { shouldStop: context.shouldStop }),
  });
  requireGoingOn(context);
  await context.evaluateBackend.activate();
  const trained = project(graph);
  const [before, after] = [await context.validationAccuracy(untrained), await context.validationAccuracy(trained)];
  if (after >= before) return trained;
  if (projection) projection.load(untrainedCodes);
  context.events.onNotice?.(undoneNotice(stage, before, after, options.learningRate));
  return untrained;
}

function undoneNotice(stage: FinetuneStage, before: number, after: number, learningRate: number): string {
  const percent = (accuracy: number) => `${(100 * accuracy).toFixed(2)}%`;
  const place = stage === 'prune-finetune' ? 'prune.finetune' : 'quantize.finetune';
  return `The fine-tune lowered the validation accuracy from ${percent(before)} to ${percent(after)}, so the network before it is kept. Lower ${place}.learningRate (now ${learningRate}), or set ${place}.epochs to 0.`;
}
