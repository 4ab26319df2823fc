import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  decodeTensor,
  TersorError,
  type EncodedTensor,
  type LayerGraph,
  type WeightTensor,
} from '@tersor/core';
import type { Precision } from './draft.js';
import { HALF_LIMIT, roundedToHalf } from './half.js';
import { modelFile } from './model-file.js';
import { writeGraph } from './write-graph.js';

/** The file that a network is written to. */
const FILE = 'model.onnx';

/** What a written file holds its weights as. */
export interface OnnxWriting {
  /** What the network computes in. */
  readonly precision: Precision;
  /** Quantized weights as the small integers that they are, or all of them as floats. */
  readonly weights: 'searched' | 'float';
}

/** Writes a network into a folder, and gives the name of the file. Throws `MODEL_UNSUPPORTED`, `PLAN_MISMATCH`. */
export async function writeOnnx(
  graph: LayerGraph,
  folder: string,
  { precision, weights }: OnnxWriting,
  codes: ReadonlyMap<string, EncodedTensor> = new Map(),
): Promise<string> {
  requireTheirValues(graph, codes);
  if (precision === 'float16') requireHalfRange(graph);
  const used = weights === 'searched' ? codes : new Map<string, EncodedTensor>();
  const draft = writeGraph(graph, { precision, codes: used });
  const own = graph.metadata?.userDefinedMetadata;
  const metadata: Record<string, string> = own ? { userDefinedMetadata: JSON.stringify(own) } : {};
  await writeFile(join(folder, FILE), await modelFile(draft, graph.name, metadata));
  return FILE;
}

/** The network that a file in this precision holds. */
export function storedInOnnx(graph: LayerGraph, precision: Precision): LayerGraph {
  if (precision === 'float32') return graph;
  const layers = graph.layers.map((layer) => ({
    ...layer,
    weights: layer.weights.map((weight) => ({ ...weight, data: roundedToHalf(weight.data) })),
  }));
  return { ...graph, layers };
}

function requireTheirValues(graph: LayerGraph, codes: ReadonlyMap<string, EncodedTensor>): void {
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
