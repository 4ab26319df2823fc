import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { decodeTensor, createRandom, type EncodedTensor, type LayerGraph } from '@tersor/core';
import { ArtifactError, crc32, decodeArtifact, loadModel, PREAMBLE_BYTES } from '@tersor/runtime';
import fc from 'fast-check';
import { goldenModel } from '../../test/golden-graph.js';
import { weightSlots, graphFromModel } from '@tersor/network';
import { withEncodedWeights } from '../policy/quantized-graph.js';
import { withHalfPrecision } from './half-precision.js';
import { encodedSize, headerSize, packModel, rawSize } from './pack-model.js';

/** A graph with one weight array, to pack it alone. */
function graphOf(
  shape: readonly number[],
  data = new Float32Array(shape.reduce((a, b) => a * b, 1)),
): LayerGraph {
  const layer = {
    name: 'layer',
    className: 'Dense',
    config: {},
    weights: [{ name: 'kernel', shape, data, trainable: true }],
  };
  return { name: 'one', layers: [layer], calls: [], inputs: [], outputs: [] };
}

async function decoded(tensor: EncodedTensor): Promise<Float32Array> {
  const { weights } = await decodeArtifact(
    packModel(graphOf(tensor.shape), new Map([['layer/kernel', tensor]])),
  );
  return weights[0]!.data;
}

/** So that no product with a code is infinite: readers refuse such weights. */
const LARGEST = 2 ** 60;
const float = fc.float({ noNaN: true, min: -LARGEST, max: LARGEST });
const floats = (length: number) =>
  fc.array(float, { minLength: length, maxLength: length }).map((values) => Float32Array.from(values));

/** Any well-formed encoded tensor: both codecs, all widths, axes and ranks, dense codes and sparse ones. */
const tensors = fc
  .record({
    shape: fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 5 }),
    bits: fc.integer({ min: 1, max: 8 }),
    linear: fc.boolean(),
    seed: fc.integer(),
    sparsity: fc.constantFrom(0, 0.5, 0.9, 1),
  })
  .chain((plan) =>
    fc.record({ plan: fc.constant(plan), axis: fc.integer({ min: -1, max: plan.shape.length - 1 }) }),
  )
  .chain(({ plan: { shape, bits, linear, seed, sparsity }, axis }) => {
    const groups = axis < 0 ? 1 : shape[axis]!;
    const slices = shape.slice(-2).reduce((a, b) => a * b, 1);
    const random = createRandom(seed);
    const zeros = Array.from({ length: slices }, () => random.uniform() < sparsity);
    const zeroCode = random.integer(2 ** bits);
    const codes = Uint8Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) =>
      zeros[i % slices] ? zeroCode : random.integer(2 ** bits),
    );
    const base = { shape, bits, axis, codes };
    return linear
      ? fc
          .record({
            scale: floats(groups),
            zero: fc.oneof(floats(groups), fc.constant(new Float32Array(groups).fill(zeroCode))),
          })
          .map((tables): EncodedTensor => ({ ...base, codec: 'linear', ...tables }))
      : floats(groups * 2 ** bits).map(
          (codebook): EncodedTensor => ({ ...base, codec: 'codebook', codebook }),
        );
  });

it('gives back every encoded tensor bit for bit', async () => {
  await fc.assert(
    fc.asyncProperty(tensors, async (tensor) => {
      const [found, meant] = [await decoded(tensor), decodeTensor(tensor)];
      // As bits, since -0 and 0 must be kept apart too.
      expect(new Uint32Array(found.buffer)).toEqual(new Uint32Array(meant.buffer));
    }),
    { numRuns: 300, seed: 1 },
  );
});

it('gives back the codes of every encoded tensor, where they are asked for', async () => {
  await fc.assert(
    fc.asyncProperty(tensors, async (tensor) => {
      const packed = packModel(graphOf(tensor.shape), new Map([['layer/kernel', tensor]]));
      const { weights } = await decodeArtifact(packed, { codes: true });
      const { codes, ...found } = weights[0]!.codes!;
      expect(Buffer.from(codes).equals(tensor.codes)).toBe(true);
      expect([found.codec, found.bits, found.axis]).toEqual([tensor.codec, tensor.bits, tensor.axis]);
      expect(decodeTensor(weights[0]!.codes!)).toEqual(decodeTensor(tensor));
    }),
    { numRuns: 100 },
  );
  const floats = packModel(graphOf([2, 2]), new Map());
  expect((await decodeArtifact(floats, { codes: true })).weights[0]!.codes).toBeUndefined();
});

it('gives back arrays that are not quantized bit for bit, in half the bytes where they are halves', async () => {
  const exact = Float32Array.of(0, -0, 1.5, -65504, 2 ** -24);
  const single = Float32Array.of(0.1, -3.7, -0, 3.4e38, 1e-45);
  for (const data of [exact, single]) {
    const { weights } = await decodeArtifact(packModel(graphOf([5], data), new Map()));
    expect([...weights[0]!.data]).toEqual([...data]);
  }
  expect(rawSize(single) - rawSize(exact)).toBe(10);
});

it('packs a network that the runtime loads as the same network with the decoded weights', async () => {
  await tf.setBackend('cpu');
  const { graph, encoded } = await goldenModel();
  const model = await loadModel(packModel(graph, encoded));
  expect(await graphFromModel(model)).toEqual(withEncodedWeights(graph, encoded));
  model.dispose();
});

it('has a size that is the sum of the sizes of its parts', async () => {
  const { graph, encoded } = await goldenModel();
  const parts = weightSlots(graph).map(({ layer, weight }) => {
    const tensor = encoded.get(`${layer.name}/${weight.name}`);
    return tensor ? encodedSize(tensor) : rawSize(weight.data);
  });
  expect(packModel(graph, encoded)).toHaveLength(
    headerSize(graph) + parts.reduce((sum, size) => sum + size, 0),
  );
});

it('spends next to nothing on slices and channels that are all zero', () => {
  const shape = [3, 3, 64, 64];
  const random = createRandom(1);
  const tensorOf = (isZero: (slice: number) => boolean): EncodedTensor => {
    const codes = Uint8Array.from({ length: 36864 }, (_, i) => (isZero(i % 4096) ? 7 : random.integer(15)));
    return {
      codec: 'linear',
      shape,
      bits: 4,
      axis: -1,
      codes,
      scale: Float32Array.of(0.1),
      zero: Float32Array.of(7),
    };
  };
  expect(encodedSize(tensorOf(() => true))).toBeLessThan(48);
  const dense = encodedSize(tensorOf(() => false));
  // Three quarters of the output channels gone: little more than a quarter of the bytes.
  expect(encodedSize(tensorOf((slice) => slice % 4 !== 0))).toBeLessThan(0.26 * dense + 100);
  // Three quarters of the slices, scattered: their positions cost 0.81 bits a slice.
  const scattered = Array.from({ length: 4096 }, () => random.uniform() < 0.75);
  expect(encodedSize(tensorOf((slice) => scattered[slice]!))).toBeLessThan(0.26 * dense + 0.9 * (4096 / 8));
});

it('refuses encodings that do not fit the network or themselves', async () => {
  const { graph, encoded } = await goldenModel();
  const tensor = encoded.get('third/kernel')!;
  expect(() => packModel(graph, new Map([['nowhere/kernel', tensor]]))).toThrow('no weight "nowhere/kernel"');
  expect(() => encodedSize({ ...tensor, codes: tensor.codes.slice(1) })).toThrow('malformed');
  expect(() => encodedSize({ ...tensor, bits: 1 })).toThrow('malformed');
});

it('stores biases in half the bytes once they are rounded, and leaves kernels and values out of reach alone', () => {
  const tiny = Float32Array.of(1e-6, 0.3);
  const bias = Float32Array.of(0.1, -2.7, 0);
  const base = graphOf([2, 2], Float32Array.of(0.1, 0.2, 0.3, 0.4));
  const other = (name: string, data: Float32Array) => ({ name, shape: [data.length], data, trainable: true });
  const graph = {
    ...base,
    layers: [
      { ...base.layers[0]!, weights: [...base.layers[0]!.weights, other('bias', bias), other('beta', tiny)] },
    ],
  };
  const [kernel, rounded, left] = withHalfPrecision(graph).layers[0]!.weights.map(({ data }) => data);
  expect([kernel, left]).toEqual([graph.layers[0]!.weights[0]!.data, tiny]);
  expect(rawSize(rounded!)).toBe(rawSize(bias) - 6);
  bias.forEach((value, i) =>
    expect(Math.abs(rounded![i]! - value)).toBeLessThanOrEqual(Math.abs(value) / 2048),
  );
});

it('finds sections that were swapped, though each is whole', async () => {
  const { graph, encoded } = await goldenModel();
  const bytes = packModel(graph, encoded);
  const sections: Uint8Array[] = [];
  for (let at = PREAMBLE_BYTES; at < bytes.length; ) {
    const end = at + 8 + new DataView(bytes.buffer).getUint32(at, true);
    sections.push(bytes.slice(at, end));
    at = end;
  }
  [sections[3], sections[4]] = [sections[4]!, sections[3]!];
  const swapped = Uint8Array.from([
    ...bytes.slice(0, PREAMBLE_BYTES),
    ...sections.flatMap((section) => [...section]),
  ]);
  const error = await decodeArtifact(swapped).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(ArtifactError);
});

it('uses the CRC that everyone else does', () => {
  expect(crc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
});
