import '@tensorflow/tfjs-backend-cpu';
import * as tfl from '@tensorflow/tfjs-layers';
import { roundToFloat16, createRandom, type EncodedTensor, type LayerGraph } from '@tersor/core';
import { graphFromModel } from '@tersor/network';

const { layers } = tfl;

/**
 * A small network and an encoding of its kernels that uses every codec, table and coding of the packed
 * format.
 */
export async function goldenModel(): Promise<{ graph: LayerGraph; encoded: Map<string, EncodedTensor> }> {
  const model = tfl.sequential({
    name: 'golden',
    layers: [
      layers.conv2d({ name: 'first', filters: 8, kernelSize: 3, inputShape: [8, 8, 3], padding: 'same' }),
      layers.depthwiseConv2d({ name: 'second', kernelSize: 3, useBias: false }),
      layers.conv2d({ name: 'third', filters: 16, kernelSize: 3, useBias: false }),
      layers.conv2d({ name: 'fourth', filters: 16, kernelSize: 3, useBias: false }),
      layers.flatten({ name: 'flat' }),
      layers.dense({ name: 'fifth', units: 10 }),
    ],
  });
  const graph = await graphFromModel(model);
  model.dispose();
  const random = createRandom(6, 'golden');
  const bell = () => (random.uniform() + random.uniform() + random.uniform() - 1.5) / 3;
  const filled: LayerGraph = {
    ...graph,
    layers: graph.layers.map((layer) => ({
      ...layer,
      weights: layer.weights.map((weight) => ({
        ...weight,
        data: weight.data.map(() => (layer.name === 'first' ? roundToFloat16(bell()) : bell())),
      })),
    })),
  };
  const codes = (length: number, zero: number, isZero: (i: number) => boolean) =>
    Uint8Array.from({ length }, (_, i) =>
      isZero(i) ? zero : Math.max(0, Math.min(2 * zero, Math.round(zero * (1 + 2.4 * bell())))),
    );
  const never = () => false;
  const encoded = new Map<string, EncodedTensor>([
    // Scale and zero per channel, one of the zeros different; few codes, so packed.
    [
      'second/depthwise_kernel',
      {
        codec: 'linear',
        shape: [3, 3, 8, 1],
        bits: 5,
        axis: 2,
        codes: codes(72, 15, never),
        scale: Float32Array.from({ length: 8 }, (_, i) => 0.01 + i / 777),
        zero: Float32Array.of(15, 15, 14, 15, 15, 15, 15, 15),
      },
    ],
    // Pruned slices: a map, and the rest by neighbours.
    [
      'third/kernel',
      {
        codec: 'linear',
        shape: [3, 3, 8, 16],
        bits: 3,
        axis: 3,
        codes: codes(1152, 3, (i) => (i % 128) % 3 !== 0),
        scale: new Float32Array(16).fill(0.25),
        zero: new Float32Array(16).fill(3),
      },
    ],
    [
      'fourth/kernel',
      {
        codec: 'codebook',
        shape: [3, 3, 16, 16],
        bits: 2,
        axis: -1,
        codes: codes(2304, 1, (i) => random.uniform() < 0.5 && i % 2 === 0),
        codebook: Float32Array.of(-0.1, 0, 0.1, 0.3),
      },
    ],
    [
      'fifth/kernel',
      {
        codec: 'codebook',
        shape: [64, 10],
        bits: 4,
        axis: -1,
        codes: codes(640, 7, never),
        codebook: Float32Array.from({ length: 16 }, (_, i) => (i - 7) / 16),
      },
    ],
  ]);
  return { graph: filled, encoded };
}
