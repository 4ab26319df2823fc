import type { LayerGraph } from '@tersor/core';
import { kernelReaders, layersByName, type KernelReader } from '@tersor/network';

/** A layer of the smaller network that is to be refit, and the same layer in the original. */
export interface LayerPair {
  readonly own: KernelReader;
  readonly original: KernelReader;
  /** Outputs of the original that the smaller network still has, ascending. */
  readonly outputs: readonly number[];
}

/**
 * The layers that read something else than in the original because of channels that went before them, in the
 * order of the calls. Left out are layers that are called more than once, other kinds than a convolution or a
 * dense layer (in groups, depthwise, separable, transposed, recurrent), and layers that have other outputs
 * than the plan says (another pruner took some).
 * @param lostOutputs by layer, the outputs that went
 */
export function layersInOrder(
  original: LayerGraph,
  smaller: LayerGraph,
  lostOutputs: ReadonlyMap<string, ReadonlySet<number>>,
): LayerPair[] {
  const originals = new Map(kernelReaders(original).map((reader) => [reader.layer.name, reader]));
  const differing = callsThatDiffer(original, smaller);
  return kernelReaders(smaller).flatMap((own): LayerPair[] => {
    const before = originals.get(own.layer.name);
    const [kernel, ...others] = own.kernels;
    if (!before || kernel?.how !== 'mixes' || others.length > 0 || own.groups > 1) return [];
    if (own.calls.length > 1 || before.calls.length > 1 || !differing.has(own.calls[0]!)) return [];
    const lost = lostOutputs.get(own.layer.name);
    const outputs = [...Array(outputCount(original, before)).keys()].filter((output) => !lost?.has(output));
    return outputs.length === outputCount(smaller, own) ? [{ own, original: before, outputs }] : [];
  });
}

function outputCount({ calls }: LayerGraph, reader: KernelReader): number {
  return calls[reader.calls[0]!]!.outputShape.at(-1)!;
}

/** Calls whose result is another one than in the original, apart from the channels that it has lost. */
function callsThatDiffer(original: LayerGraph, smaller: LayerGraph): Set<number> {
  const before = layersByName(original);
  const layers = layersByName(smaller);
  const hasLostInputs = (name: string) =>
    layers.get(name)!.weights.some(({ shape }, i) => {
      const first = before.get(name)?.weights[i]?.shape;
      return shape.length > 1 && shape.at(-2) !== first?.at(-2);
    });
  const differing = new Set<number>();
  smaller.calls.forEach(({ layer, inputs }, call) => {
    if (hasLostInputs(layer) || inputs.some((input) => differing.has(input))) differing.add(call);
  });
  return differing;
}
