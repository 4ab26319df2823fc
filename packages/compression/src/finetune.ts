import type { LayerGraph, PruneConfig } from '@tersor/core';
import type { PipelineContext } from './compress.js';
import { copyWeights, withWeights } from './graph-weights.js';
import type { QuantizingProjection } from './quantization-training.js';
import { requireGoingOn } from './run/interruption.js';
import type { StageState } from './run/run-state.js';
import { train, type TrainRun } from './training/train.js';

interface FinetuneRun extends Pick<TrainRun, 'graph' | 'teacher' | 'keepZeros'> {
  readonly projection?: QuantizingProjection;
}

/** Trains a candidate for some epochs as the config says, from a checkpoint where there is one. With a projection, the projected network is the result. */
export async function finetune(
  context: PipelineContext,
  stage: 'prune-finetune' | 'quantize-finetune',
  options: PruneConfig['finetune'],
  state: StageState,
  { projection, ...run }: FinetuneRun,
): Promise<LayerGraph> {
  context.events.onStage?.(stage);
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
  return projection ? withWeights(graph, [...projection.project(copyWeights(graph))]) : graph;
}
