import { isTersorError, type LayerGraph, type RefineConfig } from '@tersor/core';
import { distill } from '../refine/distill.js';
import { requireGoingOn } from '../run/interruption.js';
import type { StageState } from '../run/run-state.js';
import { divergences } from './divergences.js';
import type { PipelineContext } from './pipeline-context.js';
import type { QuantizingProjection } from './quantization-training.js';

interface Refinement {
  /** The winner. */
  readonly graph: LayerGraph;
  /** In stage 2: the winner before its weights were encoded. */
  readonly unquantized?: LayerGraph;
  /** In stage 2: holds the winner's codes, and those of the result afterwards. */
  readonly projection?: QuantizingProjection;
  /** Why the refined network cannot be taken, in words; undefined where it can. */
  refuse?(refined: LayerGraph): string | undefined;
}

/**
 * Refines the winner of a stage as the config says, from a checkpoint where there is one. The result is kept
 * where its outputs on validation images, whose labels are not looked at either, are closer to the original's
 * than before; else, and where it diverged or is refused, it is undone with a notice.
 */
export async function refine(
  context: PipelineContext,
  stage: 'prune' | 'quantize',
  options: RefineConfig,
  state: StageState,
  { graph, unquantized = graph, projection, refuse }: Refinement,
): Promise<LayerGraph> {
  const { dataset, original, trainBackend, evaluateBackend, events } = context;
  const place = `${stage}.refine`;
  events.onStage?.(`${stage}-refine`);
  const codesBefore = new Map(projection?.encoded());
  if (projection && state.refine?.encoded) projection.load(state.refine.encoded);
  const undo = (reason: string): LayerGraph => {
    projection?.load(codesBefore);
    events.onNotice?.(
      `The refinement ${reason}, so the network before it is kept. Give it more images (${place}.images), ` +
        `lower ${place}.learningRate (now ${options.learningRate}), or leave ${place} out.`,
    );
    return graph;
  };
  await trainBackend.activate();
  try {
    const refined = await distill({
      graph,
      pruned: unquantized,
      original,
      backend: trainBackend,
      dataset,
      options,
      seed: context.config.seed,
      place,
      ...(projection && { project: projection.project }),
      resume: state.refine?.optimizer,
      onStep: async (done, loss, optimizer) => {
        events.onProgress?.({ stage: `${stage}-refine`, done, total: options.steps, unit: 'steps', loss });
        await context.saveProgress(() => {
          state.refine = { optimizer, ...(projection && { encoded: new Map(projection.encoded()) }) };
        });
        requireGoingOn(context);
      },
    });
    await evaluateBackend.activate();
    const refusal = refuse?.(refined);
    if (refusal !== undefined) return undo(refusal);
    const [before, after] = await divergences(context, [graph, refined]);
    if (after! < before!) return refined;
    return undo(
      `did not bring the outputs closer to those of the original (divergence ${before!.toFixed(4)}, ` +
        `then ${after!.toFixed(4)})`,
    );
  } catch (error) {
    if (!isTersorError(error) || error.code !== 'WEIGHTS_NOT_FINITE') throw error;
    await evaluateBackend.activate();
    return undo(`diverged (${error.message.replace(/\.$/, '')})`);
  }
}
