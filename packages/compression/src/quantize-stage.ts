import { TersorError, TOKENS, type LayerGraph, type QuantizeConfig } from '@tersor/core';
import type { PipelineContext } from './compress.js';
import { SLOTS } from './config-slots.js';
import { cost } from './cost/cost.js';
import { finetune } from './finetune.js';
import { matchesAny } from './layer-patterns.js';
import { withHalfPrecision } from './pack/half-precision.js';
import { packModel } from './pack/pack-model.js';
import { quantizingProjection } from './quantization-training.js';
import { layersWithKernels, type BitPolicy } from './quantized-graph.js';
import type { FoundPolicy, StageState } from './run/run-state.js';
import { searchPolicy } from './search-policy.js';

export interface QuantizeResult extends FoundPolicy {
  /** The network that the packed file holds: decoded weights. */
  readonly graph: LayerGraph;
  /** The packed file. */
  readonly packed: Uint8Array;
  readonly bits: BitPolicy;
}

/** Stage 2: searches bit widths, trains the network to live with them, and packs it. `unquantized` is what stage 1 left. */
export async function quantizeStage(context: PipelineContext, config: QuantizeConfig, state: StageState, unquantized: LayerGraph): Promise<QuantizeResult> {
  const { baseline } = context;
  const graph = withHalfPrecision(unquantized);
  const quantizer = await context.host.get(TOKENS.quantizer, SLOTS.quantize);
  const layers = layersWithKernels(graph).map(({ name }) => name).filter((name) => !matchesAny(name, config.exclude));
  const bits = [Math.max(config.bits[0], quantizer.bits[0]), Math.min(config.bits[1], quantizer.bits[1])] as const;
  if (bits[0] > bits[1]) {
    throw new TersorError('CONFIG_INVALID', `quantize.bits is ${config.bits.join(' to ')}, but the quantizer "${quantizer.id}" gives ${quantizer.bits.join(' to ')} bits.`);
  }
  const { bytes } = config.budget;
  const found = await searchPolicy(context, 'quantize', config, state, (evaluate, reward) => ({
    stage: 'quantize',
    graph,
    layers,
    quantizer,
    reward,
    evaluate,
    baseline: { ...baseline, accuracy: baseline.accuracy.validation, macs: cost(graph).macs },
    budget: { bytes: bytes <= 1 ? bytes * baseline.bytes : bytes },
    bits,
    discrete: config.actions === 'discrete',
  }));
  const policy = found.policy as BitPolicy;
  if (!state.graph || !state.encoded) {
    const projection = quantizingProjection(graph, quantizer, policy);
    state.graph = await finetune(context, 'quantize-finetune', config.finetune, state, { graph, teacher: context.original, keepZeros: true, projection });
    state.encoded = projection.encoded();
    delete state.finetune;
    await context.saveProgress();
  }
  return { ...found, graph: state.graph, packed: packModel(state.graph, state.encoded), bits: policy };
}
