import { TersorError, TOKENS, type LayerGraph, type QuantizeConfig } from '@tersor/core';
import type { EpisodeRecord } from '@tersor/rl';
import type { PipelineContext } from './compress.js';
import { SLOTS } from './config-slots.js';
import { cost } from './cost/cost.js';
import { finetune } from './finetune.js';
import { matchesAny } from './layer-patterns.js';
import { packModel } from './pack/pack-model.js';
import type { SearchFigures } from './pipeline-types.js';
import { quantizingProjection } from './quantization-training.js';
import { encodeGraph, layersWithKernels, withEncodedWeights, type BitPolicy } from './quantized-graph.js';
import { searchPolicy } from './search-policy.js';

export interface QuantizeResult {
  /** The network that the packed file holds: decoded weights. */
  readonly graph: LayerGraph;
  /** The packed file. */
  readonly packed: Uint8Array;
  readonly policy: BitPolicy;
  readonly figures: SearchFigures;
  readonly episodes: readonly EpisodeRecord[];
}

/** Stage 2: searches bit widths, trains the network to live with them, and packs it. */
export async function quantizeStage(context: PipelineContext, config: QuantizeConfig, graph: LayerGraph): Promise<QuantizeResult> {
  const { baseline } = context;
  const quantizer = await context.host.get(TOKENS.quantizer, SLOTS.quantize);
  const layers = layersWithKernels(graph).map(({ name }) => name).filter((name) => !matchesAny(name, config.exclude));
  const bits = [Math.max(config.bits[0], quantizer.bits[0]), Math.min(config.bits[1], quantizer.bits[1])] as const;
  if (bits[0] > bits[1]) {
    throw new TersorError('CONFIG_INVALID', `quantize.bits is ${config.bits.join(' to ')}, but the quantizer "${quantizer.id}" gives ${quantizer.bits.join(' to ')} bits.`);
  }
  const { bytes } = config.budget;
  const found = await searchPolicy(context, 'quantize', config, (evaluate, reward) => ({
    stage: 'quantize',
    graph,
    layers,
    quantizer,
    reward,
    evaluate,
    baseline: { accuracy: baseline.accuracy.validation, macs: cost(graph).macs, parameters: baseline.parameters, bytes: baseline.bytes },
    budget: { bytes: bytes <= 1 ? bytes * baseline.bytes : bytes },
    bits,
    discrete: config.actions === 'discrete',
  }));
  const policy = found.policy as BitPolicy;
  const master = await finetune(context, 'quantize-finetune', config.finetune, {
    graph,
    teacher: context.original,
    keepZeros: true,
    project: quantizingProjection(graph, quantizer, policy),
  });
  const encoded = encodeGraph(quantizer, master, policy);
  return { graph: withEncodedWeights(master, encoded), packed: packModel(master, encoded), policy, figures: found.figures, episodes: found.episodes };
}
