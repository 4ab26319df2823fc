import {
  decodeTensor,
  type GraphLayer,
  type LayerGraph,
  type LinearTensor,
  type WeightCodes,
} from '@tersor/core';
import { callsOf, layersByName, soleReader } from '@tersor/network';

/** A network and the codes of its weights. */
interface Coded {
  readonly graph: LayerGraph;
  readonly codes: WeightCodes;
}

/** The kernel axis, from the end, that holds exactly the output channels. */
const OUTPUT_AXES: Readonly<Record<string, number>> = {
  Conv2D: -1,
  TersorGroupedConv2D: -1,
  Dense: -1,
  DepthwiseConv2D: -2,
};

/**
 * Folds the batch norms after the named layers into their scales and biases. A file then has a scale and a
 * bias for each channel instead of five numbers, and runtimes can use their integer convolutions. The codes
 * are unchanged, or mirrored about zero if a factor is negative; the values change by the rounding of one
 * product.
 */
export function foldNorms({ graph, codes }: Coded, names: ReadonlySet<string>): Coded {
  const layers = layersByName(graph);
  const changed = new Map<string, GraphLayer>();
  const folded = new Map(codes);
  for (const [index, call] of graph.calls.entries()) {
    const layer = layers.get(call.layer)!;
    const reader = soleReader(graph, index);
    const norm = reader === undefined ? undefined : layers.get(graph.calls[reader]!.layer)!;
    if (!norm || !names.has(layer.name) || (layer.config['activation'] ?? 'linear') !== 'linear') continue;
    if ([layer, norm].some(({ name }) => callsOf(graph, name).length !== 1)) continue;
    const made = foldedLayer(layer, norm, call.outputShape.length, codes);
    if (!made) continue;
    changed.set(layer.name, made.layer);
    changed.set(norm.name, { ...norm, className: 'Activation', config: { name: norm.name }, weights: [] });
    folded.set(made.name, made.tensor);
  }
  return {
    graph: { ...graph, layers: graph.layers.map((layer) => changed.get(layer.name) ?? layer) },
    codes: folded,
  };
}

/** The layer with the norm folded into it; `undefined` if its codes do not allow that. */
function foldedLayer(
  layer: GraphLayer,
  norm: GraphLayer,
  rank: number,
  codes: WeightCodes,
): { layer: GraphLayer; name: string; tensor: LinearTensor } | undefined {
  const axisFromEnd = OUTPUT_AXES[layer.className];
  const kernel = layer.weights.find(({ name }) => name.endsWith('kernel'));
  const axis = Number(norm.config['axis'] ?? -1);
  if (norm.className !== 'BatchNormalization' || axisFromEnd === undefined || !kernel) return undefined;
  if (axis !== -1 && axis !== rank) return undefined;
  if (layer.className === 'DepthwiseConv2D' && kernel.shape.at(-1) !== 1) return undefined;
  const name = `${layer.name}/${kernel.name}`;
  const { factor, offset } = affine(norm, layer.weights.find((weight) => weight.name === 'bias')?.data);
  const tensor = scaled(codes.get(name), kernel.shape.length + axisFromEnd, factor);
  if (!tensor) return undefined;
  const bias = { name: 'bias', shape: [offset.length], data: offset, trainable: true };
  return {
    name,
    tensor,
    layer: {
      ...layer,
      config: { ...layer.config, use_bias: true },
      weights: [{ ...kernel, data: decodeTensor(tensor) }, bias],
    },
  };
}

/** A batch norm after a bias, as `factor * x + offset`. */
function affine(norm: GraphLayer, bias: Float32Array | undefined) {
  const role = (name: string) => norm.weights.find((weight) => weight.name === name)?.data;
  const mean = role('moving_mean')!;
  const epsilon = Number(norm.config['epsilon'] ?? 1e-3);
  const factor = role('moving_variance')!.map(
    (each, i) => (role('gamma')?.[i] ?? 1) / Math.sqrt(each + epsilon),
  );
  const offset = mean.map((each, i) => (role('beta')?.[i] ?? 0) + ((bias?.[i] ?? 0) - each) * factor[i]!);
  return { factor, offset };
}

/** Linear codes times a factor for each index of an axis. Scales stay positive, as runtimes require. */
function scaled(
  tensor: ReturnType<WeightCodes['get']>,
  axis: number,
  factor: Float32Array,
): LinearTensor | undefined {
  if (tensor?.codec !== 'linear' || (tensor.axis !== axis && tensor.axis !== -1)) return undefined;
  const group = (i: number) => (tensor.axis === -1 ? 0 : i);
  const scale = factor.map((each, i) => Math.abs(each) * tensor.scale[group(i)]!);
  const zero = factor.map((_, i) => tensor.zero[group(i)]!);
  const inner = tensor.shape.slice(axis + 1).reduce((product, size) => product * size, 1);
  const mirrored = Int32Array.from(tensor.codes, (code, place) => {
    const i = Math.floor(place / inner) % factor.length;
    return factor[i]! < 0 ? 2 * zero[i]! - code : code;
  });
  if (mirrored.some((code) => code < 0 || code >= 2 ** tensor.bits)) return undefined;
  return { ...tensor, axis, codes: Uint8Array.from(mirrored), scale, zero };
}
