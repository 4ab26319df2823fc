import '@tensorflow/tfjs-backend-cpu';
import { setBackend } from '@tensorflow/tfjs-core';
import type { EncodedTensor, LayerGraph } from '@tersor/core';
import {
  CODEC,
  CODING,
  decodeArtifact,
  NO_AXIS,
  TABLE,
  transferCodes,
  WEIGHTS_PER_BYTE,
} from '@tersor/runtime';
import { headerOf, sealed } from '../../test/sealed-sections.js';
import { packModel } from './pack-model.js';
import { RangeEncoder } from './range-encoder.js';

beforeAll(() => setBackend('cpu'));

const topology = { class_name: 'Model', config: {} };
const float32 = (value: number) => [...new Uint8Array(Float32Array.of(value).buffer)];
const constant = (value: number) => [TABLE.constant, ...float32(value)];

/**
 * A section of `count` equal codes in few bytes: all slices but the first empty by the map, the scale and
 * the zero constant along axis 0.
 */
function emptySection(count: number): Uint8Array {
  const encoder = new RangeEncoder();
  const codes = new Uint8Array(count);
  codes[0] = 1;
  transferCodes(encoder, codes, {
    shape: [count],
    bits: 1,
    spatial: false,
    sliceMap: true,
    reference: new Uint8Array(count),
  });
  return Uint8Array.of(
    CODEC.linear,
    1,
    0,
    CODING.order0 | CODING.sliceMap,
    ...constant(1),
    ...constant(0),
    ...encoder.finish(),
  );
}

it('refuses 2^26 weights in 147 bytes before it takes memory for them', async () => {
  const body = Uint8Array.of(
    CODEC.linear,
    1,
    0,
    CODING.order0,
    ...constant(1),
    ...constant(0),
    ...new Uint8Array(8),
  );
  for (const power of [23, 26, 27, 28]) {
    const file = sealed([headerOf({ topology, weights: [['a/k', [2 ** power]]] }), body]);
    expect(file.length).toBeLessThan(150);
    const before = process.memoryUsage().arrayBuffers;
    await expect(decodeArtifact(file)).rejects.toMatchObject({
      code: 'ARTIFACT_CORRUPT',
      message: expect.stringContaining(`too few for the ${2 ** power} weights`),
    });
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
  }
});

it('takes at most 6 bytes a weight, constant tables along the weights themselves included', async () => {
  const count = 2 ** 21;
  const file = sealed([headerOf({ topology, weights: [['a/k', [count]]] }), emptySection(count)]);
  const before = process.memoryUsage().arrayBuffers;
  const { weights } = await decodeArtifact(file);
  // What was freed meanwhile can only make it less; the sixth byte and the rest of a MB are for what else
  // runs.
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(6 * count + 2 ** 20);
  expect([weights[0]!.data[0], weights[0]!.data[1], weights[0]!.data.at(-1)]).toEqual([1, 0, 0]);
});

it.each([
  ['NaN', NaN],
  ['an infinite value', Infinity],
])('says which weight holds %s', async (_name, value) => {
  const raw = sealed([
    headerOf({ topology, weights: [['d/kernel', [2]]] }),
    Uint8Array.of(CODEC.float32, ...float32(1), ...float32(value)),
  ]);
  await expect(decodeArtifact(raw)).rejects.toMatchObject({
    code: 'WEIGHTS_NOT_FINITE',
    message: expect.stringContaining(`"d/kernel" holds ${value} at position 1`),
  });
  const scaled = sealed([
    headerOf({ topology, weights: [['d/kernel', [2]]] }),
    Uint8Array.of(
      CODEC.linear,
      1,
      NO_AXIS,
      CODING.packed,
      TABLE.float32,
      ...float32(value),
      TABLE.float32,
      ...float32(-1),
      0,
    ),
  ]);
  await expect(decodeArtifact(scaled)).rejects.toMatchObject({ code: 'WEIGHTS_NOT_FINITE' });
});

it('writes plain codes where readers would refuse the few bytes that an empty network takes', async () => {
  const shape = [3, 3, 1024, 1024];
  const count = 9 * 2 ** 20;
  const layer = {
    name: 'a',
    className: 'Conv2D',
    config: {},
    weights: [{ name: 'kernel', shape, data: new Float32Array(count), trainable: true }],
  };
  const graph: LayerGraph = { name: 'empty', layers: [layer], calls: [], inputs: [], outputs: [] };
  const tensor: EncodedTensor = {
    codec: 'linear',
    shape,
    bits: 1,
    axis: -1,
    codes: new Uint8Array(count),
    scale: Float32Array.of(1),
    zero: Float32Array.of(0),
  };
  const file = packModel(graph, new Map([['a/kernel', tensor]]));
  expect(count / file.length).toBeLessThan(WEIGHTS_PER_BYTE);
  const { weights } = await decodeArtifact(file);
  expect(weights[0]!.data.every((value) => value === 0)).toBe(true);
});
