import type { ActivationRange, GraphLayer, LayerCall, LayerGraph } from '@tersor/core';
import { ActivationQuantizer } from './activation-quantizer.js';

/**
 * How the inputs of layers are rounded, by layer name: part of stage 2's policy if activations are quantized.
 */
export type ActivationPolicy = Readonly<Record<string, ActivationRange & { readonly bits: number }>>;

/**
 * The network as an integer runtime would compute it: the input of every layer in the policy is rounded first
 * (like HAQ, which quantizes a layer's input together with its weights: Wang et al., CVPR 2019). All calls of
 * a shared layer are rounded the same way. Weights and their order are unchanged, so that training can
 * continue in the new graph.
 */
export function withRoundedActivations(graph: LayerGraph, policy: ActivationPolicy): LayerGraph {
  const calls: LayerCall[] = [];
  const moved: number[] = [];
  const add = (call: LayerCall) => calls.push(call) - 1;
  for (const call of graph.calls) {
    const inputs = call.inputs.map((input) => moved[input]!);
    const rounded = policy[call.layer]
      ? inputs.map((input) =>
          add({ layer: quantizerName(call.layer), inputs: [input], outputShape: calls[input]!.outputShape }),
        )
      : inputs;
    moved.push(add({ ...call, inputs: rounded }));
  }
  const layers = graph.layers.flatMap((layer) =>
    policy[layer.name] ? [quantizerLayer(layer.name, policy[layer.name]!), layer] : [layer],
  );
  const places = (indexes: readonly number[]) => indexes.map((index) => moved[index]!);
  return { ...graph, layers, calls, inputs: places(graph.inputs), outputs: places(graph.outputs) };
}

function quantizerName(layer: string): string {
  return `${layer}/rounded-input`;
}

function quantizerLayer(layer: string, { bits, least, most }: ActivationPolicy[string]): GraphLayer {
  const name = quantizerName(layer);
  return { name, className: ActivationQuantizer.className, config: { name, bits, least, most }, weights: [] };
}
