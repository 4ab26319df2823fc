import { TersorError, TOKENS, type LayerGraph, type QuantizeConfig, type QuantizeTask } from '@tersor/core';
import { calibrateActivations } from './activations/calibrate-activations.js';
import type { PipelineContext } from './compress.js';
import { SLOTS } from './config-slots.js';
import { bitOperations } from './cost/bit-operations.js';
import { cost } from './cost/cost.js';
import { finetune } from './finetune.js';
import { copyWeights, withWeights } from './graph-weights.js';
import { matchesAny } from './layer-patterns.js';
import { withHalfPrecision } from './pack/half-precision.js';
import { packModel } from './pack/pack-model.js';
import { quantizingProjection } from './quantization-training.js';
import { layersWithKernels, type BitPolicy } from './quantized-graph.js';
import type { FoundPolicy, StageState } from './run/run-state.js';
import { searchPolicy } from './search-policy.js';
import { absolute, quantizerBits } from './stage-bounds.js';
import { withPolicyActivations, type WidthPolicy } from './width-policy.js';

export interface QuantizeResult extends FoundPolicy {
  /** The network that the packed file holds: decoded weights. */
  readonly graph: LayerGraph;
  /** The packed file. */
  readonly packed: Uint8Array;
  readonly widths: WidthPolicy;
}

/** Stage 2: searches bit widths, trains the network to live with them, and packs it. `unquantized` is what stage 1 left. */
export async function quantizeStage(context: PipelineContext, config: QuantizeConfig, state: StageState, unquantized: LayerGraph): Promise<QuantizeResult> {
  const { baseline } = context;
  const graph = withHalfPrecision(unquantized);
  const quantizer = await context.host.get(TOKENS.quantizer, SLOTS.quantize);
  const layers = layersWithKernels(graph).map(({ name }) => name).filter((name) => !matchesAny(name, config.exclude));
  const bits = quantizerBits(config, quantizer);
  const { bytes, bops } = config.budget;
  const activations = config.activations && (await calibrated(context, config.activations, state, graph, layers));
  const found = await searchPolicy(context, 'quantize', config, state, (evaluate, reward) => ({
    stage: 'quantize',
    graph,
    layers,
    quantizer,
    reward,
    evaluate,
    baseline: { ...baseline, accuracy: baseline.accuracy.validation, macs: cost(graph).macs },
    budget: { bytes: absolute(bytes, baseline.bytes), ...(bops !== undefined && { bops: absolute(bops, bitOperations(context.original)) }) },
    bits,
    ...(activations && { activations }),
    discrete: config.actions === 'discrete',
  }));
  const widths = widthsOf(found.policy, config);
  if (!state.graph || !state.encoded) {
    const projection = quantizingProjection(graph, quantizer, widths.weights);
    // Training and its check see the rounded activations too; the network that is kept is the one without.
    const simulated = withPolicyActivations(graph, widths);
    const trained = await finetune(context, 'quantize-finetune', config.finetune, state, { graph: simulated, teacher: context.original, keepZeros: true, projection });
    state.graph = withWeights(graph, copyWeights(trained));
    state.encoded = projection.encoded();
    delete state.finetune;
    await context.saveProgress();
  }
  return { ...found, graph: state.graph, packed: packModel(state.graph, state.encoded), widths };
}

/** Ranges of the layers' inputs in the network that stage 1 left, once per run. */
async function calibrated(
  { dataset, config: { seed }, evaluateBackend }: PipelineContext,
  options: NonNullable<QuantizeConfig['activations']>,
  state: StageState,
  graph: LayerGraph,
  layers: readonly string[],
): Promise<NonNullable<QuantizeTask['activations']>> {
  await evaluateBackend.activate();
  state.activations ??= await calibrateActivations({ graph, layers, dataset, seed, options });
  return { bits: options.bits, ranges: state.activations };
}

/** What a search found, which an environment of the user's may have made. */
function widthsOf(policy: unknown, { activations, environment }: QuantizeConfig): WidthPolicy {
  if (!activations) return { weights: policy as BitPolicy };
  if (typeof policy === 'object' && policy !== null && 'weights' in policy && 'activations' in policy) return policy as WidthPolicy;
  throw new TersorError('CONFIG_INVALID', `quantize.activations is set, but the environment ${JSON.stringify(environment)} chooses no activation widths.`, {
    hint: 'Use the environment "bit-width", or leave quantize.activations out.',
  });
}
