import { decodeTensor, type EncodedTensor, type GraphLayer, type Quantizer } from '@tersor/core';
import { encodedSize } from '../pack/pack-model.js';
import { encodeLayer, type EncodedWeights } from '../policy/quantized-graph.js';

/** Encodings of layers at their bits, made once: a search asks for the same few thousands of times. */
export interface LayerCodes {
  encode(layer: GraphLayer, bits: number): EncodedWeights;
  /** Bytes in the packed file. */
  size(layer: GraphLayer, bits: number): number;
  /** Squared error of the kernels relative to their energy. */
  error(layer: GraphLayer, bits: number): number;
  decode(tensor: EncodedTensor): Float32Array;
}

/** Makes the cache for a quantizer. The layers' weights must not change while it is used. */
export function createLayerCodes(quantizer: Quantizer): LayerCodes {
  const encodings = new Map<string, EncodedWeights>();
  const sizes = new Map<string, number>();
  const errors = new Map<string, number>();
  const decoded = new Map<EncodedTensor, Float32Array>();
  const encode = (layer: GraphLayer, bits: number) =>
    remember(encodings, `${layer.name}@${bits}`, () => encodeLayer(quantizer, layer, bits));
  const decode = (tensor: EncodedTensor) => remember(decoded, tensor, () => decodeTensor(tensor));
  return {
    encode,
    decode,
    size: (layer, bits) =>
      remember(sizes, `${layer.name}@${bits}`, () =>
        [...encode(layer, bits).values()].reduce((sum, tensor) => sum + encodedSize(tensor), 0),
      ),
    error: (layer, bits) =>
      remember(errors, `${layer.name}@${bits}`, () => {
        let error = 0;
        let energy = 1e-12;
        for (const [name, tensor] of encode(layer, bits)) {
          const values = layer.weights.find((weight) => name === `${layer.name}/${weight.name}`)!.data;
          const approximated = decode(tensor);
          values.forEach((value, i) => {
            error += (value - approximated[i]!) ** 2;
            energy += value ** 2;
          });
        }
        return error / energy;
      }),
  };
}

function remember<K, T>(cache: Map<K, T>, key: K, make: () => T): T {
  const known = cache.get(key);
  if (known !== undefined) return known;
  const value = make();
  cache.set(key, value);
  return value;
}
