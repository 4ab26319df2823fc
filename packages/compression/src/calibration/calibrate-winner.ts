import type { EncodedTensor, LayerGraph, Quantizer } from '@tersor/core';
import {
  gatherKernelMoments,
  startWalk,
  type KernelReader,
  type ReaderInput,
  type Walk,
} from '@tersor/network';
import { encodedSize, packModel } from '../pack/pack-model.js';
import {
  encodeGraph,
  quantizerInput,
  withEncodedWeights,
  type EncodedWeights,
} from '../policy/quantized-graph.js';
import { withPolicyActivations, type QuantizePolicy } from '../policy/quantize-policy.js';
import {
  gatherOptions,
  inputsOf,
  layerInput,
  readersAmong,
  type CalibrationSource,
} from './layer-moments.js';
import { meanShift, withShifts } from './output-means.js';

/** Bytes of results that each of the two walks may keep: together as many as a single one. */
const KEPT = 2 ** 27;

interface WinnerOptions {
  /** The network that is to be quantized. */
  readonly graph: LayerGraph;
  readonly bits: QuantizePolicy;
  readonly quantizer: Quantizer;
  /** The quantizer as the search has used it. */
  readonly searched: Quantizer;
  /** Bytes that the packed file may have. */
  readonly limit: number;
  readonly source: CalibrationSource;
  onLayer?(done: number, total: number): void;
}

/** The outcome: the network with decoded kernels and corrected offsets, and its codes. */
export interface CalibratedNetwork {
  readonly graph: LayerGraph;
  readonly encoded: EncodedWeights;
}

/**
 * Quantizes a network layer by layer, from the front to the back: each layer's codes are chosen for the
 * inputs that the layers quantized so far (with their activations rounded, where the policy rounds them)
 * give it, to come to the outputs that the original has. Other codes are packed to other sizes: where those
 * of a layer would take the file over the limit that the search's codes keep, the layer has these. A layer
 * that is called twice is chosen for both inputs together, as they are before it is quantized.
 */
export async function calibrateWinner({
  graph,
  bits,
  quantizer,
  searched,
  limit,
  source,
  onLayer,
}: WinnerOptions): Promise<CalibratedNetwork> {
  const plain = encodeGraph(searched, graph, bits.weights);
  const plainSize = packModel(graph, plain).length;
  // A given policy is carried out whatever its size.
  let room = plainSize <= limit ? limit - plainSize : Infinity;
  const readers = readersAmong(graph, new Set(Object.keys(bits.weights)));
  const names = new Set(readers.map(({ layer }) => layer.name));
  // Layers whose inputs are not understood are rounded as they are.
  const encoded = new Map<string, EncodedTensor>([...plain].filter(([name]) => !names.has(layerOf(name))));
  let current = withEncodedWeights(graph, encoded);
  const walks = {
    own: startWalk({ ...source, memory: KEPT, graph: withPolicyActivations(current, bits) }),
    original: startWalk({ ...source, memory: KEPT, graph }),
  };
  for (const [done, reader] of readers.entries()) {
    let quantized = reader;
    let means: { readonly mean: Float64Array; readonly originalMean: Float64Array } | undefined;
    for (const { weight: kernel } of reader.kernels) {
      const gathered = await gatherKernelMoments(
        quantized,
        kernel,
        pairedInputs(walks, withPolicyActivations(current, bits), graph, reader),
        gatherOptions(source, reader),
        reader,
      );
      const weight = reader.layer.weights.find(({ name }) => name === kernel)!;
      const input = quantizerInput(reader.layer, weight);
      const before = plain.get(input.name)!;
      const found = gathered.moments
        ? quantizer.encodeCalibrated!(input, before.bits, gathered.moments)
        : before;
      const growth = encodedSize(found) - encodedSize(before);
      const fits = growth <= room;
      if (fits) room -= growth;
      encoded.set(input.name, fits ? found : before);
      current = withEncodedWeights(current, new Map([[input.name, encoded.get(input.name)!]]));
      quantized = { ...reader, layer: current.layers.find(({ name }) => name === reader.layer.name)! };
      means = gathered;
    }
    current = withShifts(
      current,
      new Map([[reader, meanShift(reader, quantized, means!.mean, means!.originalMean)]]),
    );
    walks.own.setGraph(withPolicyActivations(current, bits));
    onLayer?.(done + 1, readers.length);
  }
  return { graph: current, encoded: inOrder(plain, encoded) };
}

/** What a layer reads in the network quantized so far, and in the original. */
async function* pairedInputs(
  walks: { readonly own: Walk; readonly original: Walk },
  current: LayerGraph,
  original: LayerGraph,
  { layer }: KernelReader,
): AsyncGenerator<ReaderInput> {
  const calls = inputsOf(current, layer.name);
  const originalCalls = inputsOf(original, layer.name);
  const others = walks.original.read(originalCalls);
  try {
    for await (const results of walks.own.read(calls)) {
      const { value } = await others.next();
      const originals = value as readonly Float32Array[];
      for (const [i, call] of calls.entries())
        yield {
          own: layerInput(current, call, results[i]!),
          original: layerInput(original, originalCalls[i]!, originals[i]!),
        };
    }
  } finally {
    // Its session is freed, also where the other one, or who reads this, fails.
    await others.return(undefined);
  }
}

function layerOf(name: string): string {
  return name.slice(0, name.lastIndexOf('/'));
}

/** The same codes in the order of the layers, as they are packed. */
function inOrder(order: EncodedWeights, encoded: EncodedWeights): EncodedWeights {
  return new Map([...order.keys()].map((name) => [name, encoded.get(name)!]));
}
