import type { BitQuestion, EncodedTensor, Quantizer, QuantizerInput } from '../contracts/quantizer.js';
import { misbehaved, type Culprit } from './culprit.js';
import { guardHeuristics } from './guard-heuristics.js';
import { guarded } from './guarded.js';
import { isArrayOf, listOfNumbers } from './values.js';
import { elementCount } from '../tensors/element-count.js';
import { firstNotFinite } from '../tensors/finite.js';

/**
 * A quantizer that keeps to its contract: codes that fit the bits and the shape, finite tables of the right
 * length.
 */
export function guardQuantizer(culprit: Culprit, quantizer: Quantizer): Quantizer {
  const bits = listOfNumbers(quantizer.bits);
  const [least, most] = bits ?? [];
  const isRange =
    bits?.length === 2 && bits.every(Number.isInteger) && least! >= 1 && least! <= most! && most! <= 8;
  if (!isRange)
    throw misbehaved(culprit, 'bits', '[smallest, largest], whole numbers from 1 to 8', quantizer.bits);
  requireCalibration(culprit, quantizer);
  const checked = guarded(culprit, quantizer, {
    now: {
      encode: (result, input, bits) => checkedEncoding(culprit, 'encode', result, input, bits),
      encodeCalibrated: (result, input, bits) =>
        checkedEncoding(culprit, 'encodeCalibrated', result, input, bits),
      refine: (result, input, previous) => checkedEncoding(culprit, 'refine', result, input, previous.bits),
    },
  });
  return guardHeuristics<BitQuestion, Quantizer>(culprit, quantizer, checked, {
    length: ({ layers }) => layers.length,
    isAllowed: ({ bits: [fewest, most] }, _layer, amount) => amount >= fewest && amount <= most,
    expected: ({ layers, bits: [fewest, most] }) =>
      `${fewest} to ${most} bits for each of ${layers.length} layers`,
  });
}

function requireCalibration(culprit: Culprit, { calibration, encodeCalibrated }: Quantizer): void {
  if (calibration === undefined) return;
  const fields = ['images', 'points', 'maximumInputs'] as const;
  if (typeof calibration !== 'object' || calibration === null)
    throw misbehaved(culprit, 'calibration', 'undefined, or { images, points, maximumInputs }', calibration);
  const isCount = (value: number) => Number.isInteger(value) && value > 0;
  const bad =
    fields.find((field) => !isCount(calibration[field])) ??
    (isCount(calibration.probeImages ?? 1) ? undefined : 'probeImages');
  if (bad) throw misbehaved(culprit, `calibration.${bad}`, 'a whole number above 0', calibration[bad]);
  const { weights = 'equal' } = calibration;
  if (weights !== 'equal' && weights !== 'probed')
    throw misbehaved(culprit, 'calibration.weights', '"equal" or "probed"', weights);
  if (typeof encodeCalibrated !== 'function')
    throw misbehaved(culprit, 'encodeCalibrated', 'a function, as calibration is set', encodeCalibrated);
}

function checkedEncoding(
  culprit: Culprit,
  member: string,
  result: unknown,
  input: QuantizerInput,
  bits: number,
): EncodedTensor {
  const wrong = (what: string, expected: string, value: unknown) =>
    misbehaved(culprit, `${what} of ${member} (${input.name}, ${bits} bits)`, expected, value);
  const tensor = (result ?? {}) as EncodedTensor;
  if (tensor.codec !== 'linear' && tensor.codec !== 'codebook') {
    throw misbehaved(culprit, member, 'an encoded array with the codec "linear" or "codebook"', result);
  }
  const shape = listOfNumbers(tensor.shape);
  const isSame = shape?.length === input.shape.length && shape.every((size, i) => size === input.shape[i]);
  if (!isSame) throw wrong('shape', input.shape.join('x'), tensor.shape);
  if (tensor.bits !== bits) throw wrong('bits', String(bits), tensor.bits);
  const { axis, codes } = tensor;
  if (!Number.isInteger(axis) || axis < -1 || axis >= input.shape.length)
    throw wrong('axis', `-1, or an axis of ${input.shape.join('x')}`, axis);
  const count = elementCount(input.shape);
  if (!isArrayOf('Uint8Array', codes) || codes.length !== count)
    throw wrong('codes', `a Uint8Array of ${count} values`, codes);
  const limit = 2 ** bits;
  for (let i = 0; i < count; i++)
    if (codes[i]! >= limit) throw wrong('codes', `codes below ${limit}`, codes[i]);
  const groups = axis < 0 ? 1 : input.shape[axis]!;
  const tables: Record<string, unknown> =
    tensor.codec === 'linear' ? { scale: tensor.scale, zero: tensor.zero } : { codebook: tensor.codebook };
  for (const [name, table] of Object.entries(tables)) {
    const length = tensor.codec === 'linear' ? groups : groups * limit;
    if (!isArrayOf('Float32Array', table) || table.length !== length)
      throw wrong(name, `a Float32Array of ${length} values`, table);
    const bad = firstNotFinite(table);
    if (bad !== undefined) throw wrong(name, 'finite values', table[bad]);
  }
  return tensor;
}
