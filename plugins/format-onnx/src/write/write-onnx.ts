import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  decodeTensor,
  TersorError,
  type Format,
  type LayerGraph,
  type Quantization,
  type WeightCodes,
  type WeightTensor,
} from '@tersor/core';
import { withRoundedActivations } from '@tersor/network';
import type { Precision } from './draft.js';
import { dropLimits } from './weights/drop-limits.js';
import { foldNorms } from './weights/fold-norms.js';
import { HALF_LIMIT, roundedToHalf } from './weights/half.js';
import { modelFile, PRODUCER, producerOf } from './model-file.js';
import { writeGraph } from './write-graph.js';

/** Name of the file that a network is written to. */
const FILE = 'model.onnx';

/** How a file stores its weights. */
export interface OnnxWriting {
  /** Type that the network computes in. */
  readonly precision: Precision;
  /** `searched`: quantized weights as small integers. `float`: all weights as floats. */
  readonly weights: 'searched' | 'float';
  /** Batch norms after layers with integer weights: separate operators, or folded into the scales. */
  readonly norms?: 'kept' | 'folded';
}

/** The members of the format for writing. */
export function onnxWriting(options: OnnxWriting): Pick<Format, 'keeps' | 'write' | 'stored' | 'mayReplace'> {
  return {
    keeps: 'outputs',
    write: (graph, folder, quantization) => writeOnnx(graph, folder, options, quantization),
    stored: (graph, quantization) => storedInOnnx(graph, options, quantization),
    mayReplace: async (path) => (await producerOf(await readFile(path))) === PRODUCER,
  };
}

/**
 * Writes a network into a folder, and resolves to the name of the file. Throws `MODEL_UNSUPPORTED`, and
 * `PLAN_MISMATCH` if codes do not match the weights.
 */
export async function writeOnnx(
  graph: LayerGraph,
  folder: string,
  { precision, weights, norms }: OnnxWriting,
  quantization: Quantization = { codes: new Map() },
): Promise<string> {
  requireTheirValues(graph, quantization.codes);
  if (precision === 'float16') requireHalfRange(graph);
  // The file itself contains what the reader recorded.
  const { onnx: _onnx, ...own } = graph.metadata?.userDefinedMetadata ?? {};
  const metadata: Record<string, string> =
    Object.keys(own).length > 0 ? { userDefinedMetadata: JSON.stringify(own) } : {};
  const coded = weights === 'searched' ? quantized(graph, quantization, norms) : { graph, codes: new Map() };
  const draft = writeGraph(coded.graph, { precision, codes: coded.codes });
  await writeFile(join(folder, FILE), await modelFile(draft, graph.name, metadata));
  return FILE;
}

/** The network as the written file holds it. */
export function storedInOnnx(
  graph: LayerGraph,
  { precision, weights }: OnnxWriting,
  { activations }: Partial<Quantization> = {},
): LayerGraph {
  const rounded = activations && weights === 'searched' ? withRoundedActivations(graph, activations) : graph;
  if (precision === 'float32') return rounded;
  const layers = rounded.layers.map((layer) => ({
    ...layer,
    weights: layer.weights.map((weight) => ({ ...weight, data: roundedToHalf(weight.data) })),
  }));
  return { ...rounded, layers };
}

function quantized(
  graph: LayerGraph,
  { codes, activations }: Quantization,
  norms: OnnxWriting['norms'],
): { graph: LayerGraph; codes: WeightCodes } {
  if (!activations) {
    const coded = graph.layers.filter(({ name, weights }) =>
      weights.some((weight) => codes.has(`${name}/${weight.name}`)),
    );
    return norms === 'folded'
      ? foldNorms({ graph, codes }, new Set(coded.map(({ name }) => name)))
      : { graph, codes };
  }
  const folded = foldNorms({ graph, codes }, new Set(Object.keys(activations)));
  const plain = dropLimits(folded.graph, activations);
  return { graph: withRoundedActivations(plain, activations), codes: folded.codes };
}

function requireTheirValues(graph: LayerGraph, codes: WeightCodes): void {
  const weights = new Map<string, WeightTensor>();
  for (const layer of graph.layers)
    for (const weight of layer.weights) weights.set(`${layer.name}/${weight.name}`, weight);
  for (const [name, tensor] of codes) {
    const values = decodeTensor(tensor);
    const weight = weights.get(name);
    const isSame =
      weight?.shape.join() === tensor.shape.join() && weight.data.every((value, i) => value === values[i]);
    if (!isSame)
      throw new TersorError(
        'PLAN_MISMATCH',
        `The codes of "${name}" are not those of the network's weights.`,
      );
  }
}

function requireHalfRange(graph: LayerGraph): void {
  for (const { name, weights } of graph.layers)
    for (const weight of weights) {
      const at = weight.data.findIndex((value) => Math.abs(value) > HALF_LIMIT);
      if (at >= 0)
        throw new TersorError(
          'MODEL_UNSUPPORTED',
          `${name}/${weight.name} holds ${weight.data[at]}, and float16 ends at ${HALF_LIMIT}.`,
          { hint: 'Write it with precision=float32.' },
        );
    }
}
