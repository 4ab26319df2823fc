import { decodeTensor, type Quantizer } from '@tersor/core';
import { requireRefusal, requireRule, requireSame } from '../contract-failure.js';
import type { Case } from '../contract.js';
import { calibratedCases } from './quantizer-calibrated.js';
import { fingerprint, gaussian, inputs, pruned, requireWellFormed } from './quantizer-inputs.js';
import { bitQuestion, relativeError, requireAnswers, TIGHTNESS } from '../environment/heuristic-questions.js';

/**
 * The promises of a `Quantizer`. `make` gives a new one, made the same way each time.
 *
 * @example
 * describeContract('my quantizer', quantizerContract(() => new MyQuantizer()));
 */
export function quantizerContract(make: () => Quantizer): Case[] {
  const allBits = () => {
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
          for (const bits of allBits()) requireWellFormed(make().encode(input, bits), input, bits);
      },
    },
    {
      name: 'loses less with more bits',
      run: () => {
        for (const input of inputs().slice(0, 2)) {
          // 1 bit is of another kind: sign and scale may well beat three levels that clip nothing.
          const errors = allBits()
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
        for (const bits of allBits().filter((each) => each > 1)) {
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
          for (const bits of allBits()) {
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
          const first = make().encode(input, allBits().at(-1)!);
          quantizer.encode(inputs()[0]!, allBits()[0]!);
          requireSame(fingerprint(quantizer.encode(input, allBits().at(-1)!)), fingerprint(first), 'encode');
        }
      },
    },
    {
      name: 'leaves its input as it is',
      run: () => {
        for (const input of inputs()) {
          const before = input.data.join();
          const encoded = make().encode(input, allBits().at(-1)!);
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
            () => make().encode(input, allBits().at(-1)!),
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
        for (const bits of allBits().filter((each) => each > 1)) {
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
    ...calibratedCases(make, allBits),
  ];
}
