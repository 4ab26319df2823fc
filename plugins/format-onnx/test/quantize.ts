import { decodeTensor, type EncodedTensor, type LayerGraph, type WeightCodes } from '@tersor/core';

/** How kernels are quantized: linear about zero or not, or by code books; by channel or all at once. */
export interface Scheme {
  readonly codec: 'symmetric' | 'asymmetric' | 'codebook';
  readonly byChannel: boolean;
}

/**
 * The kernels of a network in so many bits, by simple rules, and what they are made of. Of several bit widths
 * the layers take one after the other, in turn.
 */
export function quantized(
  graph: LayerGraph,
  bits: number | readonly number[],
  scheme: Scheme = { codec: 'symmetric', byChannel: true },
): { graph: LayerGraph; codes: WeightCodes } {
  const codes = new Map<string, EncodedTensor>();
  const widths = [bits].flat();
  const layers = graph.layers.map((layer) => ({
    ...layer,
    weights: layer.weights.map((weight) => {
      if (!weight.name.endsWith('kernel')) return weight;
      const fromEnd = weight.name === 'depthwise_kernel' ? 2 : 1;
      const tensor = encoded(
        weight.data,
        weight.shape,
        widths[codes.size % widths.length]!,
        scheme,
        weight.shape.length - fromEnd,
      );
      codes.set(`${layer.name}/${weight.name}`, tensor);
      return { ...weight, data: decodeTensor(tensor) };
    }),
  }));
  return { graph: { ...graph, layers }, codes };
}

function encoded(
  data: Float32Array,
  shape: readonly number[],
  bits: number,
  { codec, byChannel }: Scheme,
  channelAxis: number,
): EncodedTensor {
  const axis = byChannel ? channelAxis : -1;
  const inner = shape.slice(channelAxis + 1).reduce((product, size) => product * size, 1);
  const groups = byChannel ? shape[channelAxis]! : 1;
  const groupOf = (i: number) => (byChannel ? Math.floor(i / inner) % groups : 0);
  const [least, most] = [new Float32Array(groups), new Float32Array(groups)];
  data.forEach((value, i) => {
    least[groupOf(i)] = Math.min(least[groupOf(i)]!, value);
    most[groupOf(i)] = Math.max(most[groupOf(i)]!, value);
  });
  const size = 2 ** bits;
  const shared = { shape, bits, axis };
  const nearest = (steps: Float32Array, zero: Float32Array, top: number) =>
    Uint8Array.from(data, (value, i) => {
      const group = groupOf(i);
      return Math.max(0, Math.min(top, Math.floor(value / steps[group]! + zero[group]! + 0.5)));
    });
  const reach = least.map((low, group) => Math.max(-low, most[group]!, 1e-3));
  if (codec === 'asymmetric') {
    const scale = least.map((low, group) => Math.max(most[group]! - low, 1e-3) / (size - 1));
    const zero = scale.map((step, group) => Math.round(-least[group]! / step));
    return { ...shared, codec: 'linear', codes: nearest(scale, zero, size - 1), scale, zero };
  }
  // One bit: sign and scale.
  const limit = bits === 1 ? 0.5 : size / 2 - 1;
  const scale = reach.map((each) => each / limit);
  const zero = new Float32Array(groups).fill(limit);
  const codes = nearest(scale, zero, 2 * limit);
  if (codec === 'symmetric') return { ...shared, codec: 'linear', codes, scale, zero };
  // Levels at uneven distances, with one at zero.
  const codebook = Float32Array.from({ length: groups * size }, (_, i) => {
    const level = (i % size) - Math.floor(limit);
    return Math.sign(level) * (Math.abs(level) / size) ** 1.3 * 2 * reach[Math.floor(i / size)]!;
  });
  return { ...shared, codec: 'codebook', codes, codebook };
}
