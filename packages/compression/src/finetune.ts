import type { LayerGraph, PruneConfig } from '@tersor/core';
import type { PipelineContext } from './compress.js';
import { train, type TrainRun } from './training/train.js';

/** Trains a candidate for a few epochs as the config says; zero epochs give it back, projected where a projection is given. */
export async function finetune(
  context: PipelineContext,
  stage: 'prune-finetune' | 'quantize-finetune',
  options: PruneConfig['finetune'],
  run: Pick<TrainRun, 'graph' | 'teacher' | 'keepZeros' | 'project'>,
): Promise<LayerGraph> {
  if (options.epochs === 0) return run.graph;
  context.events.onStage?.(stage);
  await context.trainBackend.activate();
  const { graph } = await train({
    ...run,
    backend: context.trainBackend,
    dataset: context.dataset,
    options,
    seed: context.config.seed,
    onStep: (done, total) => context.events.onProgress?.({ stage, done, total }),
    ...(context.shouldStop && { shouldStop: context.shouldStop }),
  });
  await context.evaluateBackend.activate();
  return graph;
}
