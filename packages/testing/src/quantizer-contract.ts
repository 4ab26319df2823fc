import { decodeTensor, type EncodedTensor, type Quantizer, type QuantizerInput } from '@tersor/core';
import { requireRefusal, requireRule, requireSame } from './contract-failure.js';
import type { Case } from './contract.js';
import { bitQuestion, relativeError, requireAnswers, TIGHTNESS } from './heuristic-questions.js';

/**
 * The promises of a `Quantizer`. `make` gives a new one, made the same way each time.
 *
 * @example
 * describeContract('my quantizer', quantizerContract(() => new MyQuantizer()));
 */
export function quantizerContract(make: () => Quantizer): Case[] {
  const widths = () => {
    const [least, most] = make().bits;
    return Array.from({ length: most - least + 1 }, (_, i) => least + i);
  };
  return [
    {
      name: 'declares bit widths within 1 to 8',
      run: () => {
        const [least, most] = make().bits;
        const isRange =
          Number.isInteger(least) && Number.isInteger(most) && 1 <= least && least <= most && most <= 8;
        requireRule(isRange, {
          member: 'bits',
          expected: 'whole numbers within 1 to 8, the smaller first',
          found: `[${least}, ${most}]`,
        });
      },
    },
    {
      name: 'gives codes and tables that fit the shape at every bit width',
      run: () => {
        for (const input of inputs())
          for (const bits of widths()) requireWellFormed(make().encode(input, bits), input, bits);
      },
    },
    {
      name: 'loses less with more bits',
      run: () => {
        for (const input of inputs().slice(0, 2)) {
          // 1 bit is of another kind: sign and scale may well beat three levels that clip nothing.
          const errors = widths()
            .filter((bits) => bits > 1)
            .map((bits) => relativeError(make().encode(input, bits), input));
          const grew = errors.slice(1).some((error, i) => error > 1e-6 && error >= errors[i]!);
          const found = `${errors.map((error) => error.toFixed(5)).join(', ')} (${input.name})`;
          requireRule(!grew, {
            member: 'encode',
            expected: 'a relative error that falls with every bit from 2 on',
            found,
          });
          if (make().bits[1] === 8)
            requireRule(errors.at(-1)! < 0.001, {
              member: 'encode',
              expected: 'a relative error below 0.001 at 8 bits',
              found,
            });
        }
      },
    },
    {
      name: 'keeps exact zeros from 2 bits on',
      run: () => {
        const input = pruned();
        for (const bits of widths().filter((width) => width > 1)) {
          const values = decodeTensor(make().encode(input, bits));
          const lost = input.data.findIndex((value, i) => value === 0 && values[i] !== 0);
          requireRule(lost === -1, {
            member: 'encode',
            expected: `zeros that stay 0 at ${bits} bits`,
            found: `${values[lost]} at ${lost}`,
          });
        }
      },
    },
    {
      name: 'takes arrays that are all zero, constant, or a single value',
      run: () => {
        for (const data of [
          [0, 0, 0, 0],
          [3, 3, 3, 3],
          [-1e-20, -1e-20, 0, 0],
          [1e20, 1e20, 1e20, 1e20],
          [0.5],
        ]) {
          const input = {
            name: 'odd/kernel',
            shape: [data.length, 1],
            data: Float32Array.from(data),
            channelAxis: 1,
          };
          for (const bits of widths()) {
            const encoded = make().encode(input, bits);
            requireWellFormed(encoded, input, bits);
            const largest = Math.max(...data.map(Math.abs));
            const values = decodeTensor(encoded);
            const isNear = values.every((value) => Math.abs(value) <= 2 * largest);
            const found = `${values.join()} for ${data.join()} at ${bits} bits`;
            requireRule(isNear, {
              member: 'encode',
              expected: 'values of at most twice the largest weight',
              found,
            });
          }
        }
      },
    },
    {
      name: 'gives the same codes each time',
      run: () => {
        const quantizer = make();
        for (const input of inputs()) {
          const first = make().encode(input, widths().at(-1)!);
          quantizer.encode(inputs()[0]!, widths()[0]!);
          requireSame(fingerprint(quantizer.encode(input, widths().at(-1)!)), fingerprint(first), 'encode');
        }
      },
    },
    {
      name: 'leaves its input as it is',
      run: () => {
        for (const input of inputs()) {
          const before = input.data.join();
          const encoded = make().encode(input, widths().at(-1)!);
          make().refine?.(input, encoded);
          requireSame(input.data.join(), before, 'encode', 'the weights as they were');
        }
      },
    },
    {
      name: 'refuses weights that are not finite with WEIGHTS_NOT_FINITE',
      run: async () => {
        for (const bad of [NaN, Infinity, -Infinity]) {
          const input = gaussian();
          input.data[7] = bad;
          await requireRefusal(
            'encode',
            'WEIGHTS_NOT_FINITE',
            () => make().encode(input, widths().at(-1)!),
            ` for a weight of ${bad}`,
          );
        }
      },
    },
    {
      name: 'refines without losing what was gained, zeros included',
      run: () => {
        const quantizer = make();
        if (!quantizer.refine) return;
        const input = pruned();
        for (const bits of widths().filter((width) => width > 1)) {
          const encoded = quantizer.encode(input, bits);
          const refined = quantizer.refine(input, encoded);
          requireWellFormed(refined, input, bits);
          const [before, after] = [relativeError(encoded, input), relativeError(refined, input)];
          const found = `${after} at ${bits} bits`;
          requireRule(after <= before * 1.02 + 1e-9, {
            member: 'refine',
            expected: `a relative error of at most ${before}`,
            found,
          });
          const values = decodeTensor(refined);
          const lost = input.data.findIndex((value, i) => value === 0 && values[i] !== 0);
          requireRule(lost === -1, {
            member: 'refine',
            expected: `zeros that stay 0 at ${bits} bits`,
            found: `${values[lost]} at ${lost}`,
          });
        }
      },
    },
    {
      name: 'its heuristics give bits in its range that keep the budget, the same ones twice',
      run: async () => {
        const quantizer = make();
        const [fewest, most] = quantizer.bits;
        for (const tightness of TIGHTNESS) {
          await requireAnswers(
            quantizer.heuristics ?? {},
            bitQuestion(quantizer, inputs(), tightness),
            (_layer, bits) => bits >= fewest && bits <= most,
          );
        }
      },
    },
  ];
}

function requireWellFormed(tensor: EncodedTensor, input: QuantizerInput, bits: number): void {
  const { axis, codes } = tensor;
  const require = (holds: boolean, expected: string, found: unknown) =>
    requireRule(holds, {
      member: 'encode',
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
function fingerprint(tensor: EncodedTensor): string {
  const tables = tensor.codec === 'linear' ? [tensor.scale, tensor.zero] : [tensor.codebook];
  return [
    tensor.codec,
    tensor.bits,
    tensor.axis,
    tensor.codes.join(),
    ...tables.map((table) => table.join()),
  ].join(';');
}

function inputs(): QuantizerInput[] {
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
function gaussian(): QuantizerInput {
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
function pruned(): QuantizerInput {
  const input = gaussian();
  const data = input.data.map((value, i) => ((i % 512) % 3 === 0 || i % 32 === 5 ? 0 : value));
  return { ...input, name: 'pruned/kernel', data };
}
