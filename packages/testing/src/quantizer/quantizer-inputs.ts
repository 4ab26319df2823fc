import type { EncodedTensor, QuantizerInput } from '@tersor/core';
import { requireRule } from '../contract-failure.js';

/** Requires codes and tables that fit the shape and the bit width. */
export function requireWellFormed(
  tensor: EncodedTensor,
  input: QuantizerInput,
  bits: number,
  member = 'encode',
): void {
  const { axis, codes } = tensor;
  const require = (holds: boolean, expected: string, found: unknown) =>
    requireRule(holds, {
      member,
      expected: `${expected} (${input.name}, ${bits} bits)`,
      found: String(found),
    });
  require(tensor.shape.join() === input.shape.join(), `shape ${input.shape.join('x')}`, tensor.shape.join(
    'x',
  ));
  require(tensor.bits === bits, `bits ${bits}`, tensor.bits);
  require(axis >= -1 && axis < input.shape.length, 'an axis of the array, or -1', axis);
  require(codes.length === input.data.length, `${input.data.length} codes`, codes.length);
  require(!codes.some((code) => code >= 2 ** bits), `codes below ${2 ** bits}`, codes.find(
    (code) => code >= 2 ** bits,
  ));
  const groups = axis < 0 ? 1 : input.shape[axis]!;
  const isLinear = tensor.codec === 'linear';
  for (const table of isLinear ? [tensor.scale, tensor.zero] : [tensor.codebook]) {
    const length = isLinear ? groups : groups * 2 ** bits;
    require(table.length === length, `tables of ${length} values`, table.length);
    require(table.every(Number.isFinite), 'tables of finite values', table.find(
      (value) => !Number.isFinite(value),
    ));
  }
}

/** All that two encodings of the same array can differ in, as text. */
export function fingerprint(tensor: EncodedTensor): string {
  const tables = tensor.codec === 'linear' ? [tensor.scale, tensor.zero] : [tensor.codebook];
  return [
    tensor.codec,
    tensor.bits,
    tensor.axis,
    tensor.codes.join(),
    ...tables.map((table) => table.join()),
  ].join(';');
}

/** Arrays that a quantizer may meet: bell-shaped, pruned, depthwise. */
export function inputs(): QuantizerInput[] {
  return [
    gaussian(),
    pruned(),
    {
      ...gaussian(),
      name: 'depthwise/kernel',
      shape: [3, 3, 64, 1],
      data: gaussian().data.slice(0, 576),
      channelAxis: 2,
    },
  ];
}

/** A bell-shaped 3x3 kernel, 16 to 32 channels, whose channels differ in size. */
export function gaussian(): QuantizerInput {
  let state = 12345;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const data = Float32Array.from({ length: 9 * 16 * 32 }, (_, i) => {
    const bell = uniform() + uniform() + uniform() + uniform() - 2;
    return bell * 0.05 * (1 + (i % 32) / 32);
  });
  return { name: 'conv/kernel', shape: [3, 3, 16, 32], data, channelAxis: 3 };
}

/** The same with every third slice and one whole channel pruned. */
export function pruned(): QuantizerInput {
  const input = gaussian();
  const data = input.data.map((value, i) => ((i % 512) % 3 === 0 || i % 32 === 5 ? 0 : value));
  return { ...input, name: 'pruned/kernel', data };
}
