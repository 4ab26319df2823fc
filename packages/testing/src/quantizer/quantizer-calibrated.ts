import {
  createRandom,
  decodeTensor,
  type EncodedTensor,
  type KernelMoments,
  type Quantizer,
  type QuantizerInput,
} from '@tersor/core';
import { requireRule, requireSame } from '../contract-failure.js';
import type { Case } from '../contract.js';
import { fingerprint, gaussian, pruned, requireWellFormed } from './quantizer-inputs.js';

/** Rounding that errors computed in another order may differ by, relative to the outputs' energy. */
const TOLERANCE = 1e-6;

/** Bit allBits that stand for all: what holds for these holds for those between them. */
const LOOKED_AT = [1, 2, 4, 8];

/** The promises of `encodeCalibrated`; kept by nature where a quantizer has no `calibration`. */
export function calibratedCases(make: () => Quantizer, allBits: () => number[]): Case[] {
  const encodings = function* (inputs: readonly QuantizerInput[]) {
    const quantizer = make();
    if (!quantizer.calibration) return;
    for (const input of inputs) {
      const moments = momentsFor(input);
      for (const bits of allBits().filter((each) => LOOKED_AT.includes(each))) {
        const encoded = () => quantizer.encodeCalibrated!(input, bits, moments);
        yield { quantizer, input, bits, moments, encoded };
      }
    }
  };
  return [
    {
      name: 'gives codes and tables that fit the shape from moments, too',
      run: () => {
        for (const { input, bits, encoded } of encodings([small(gaussian()), depthwise()]))
          requireWellFormed(encoded(), input, bits, 'encodeCalibrated');
      },
    },
    {
      name: 'never loses more of the outputs with their moments than without',
      run: () => {
        const arrays = [small(gaussian()), small(pruned()), depthwise()];
        for (const { quantizer, input, bits, moments, encoded } of encodings(arrays)) {
          const before = outputError(quantizer.encode(input, bits), input, moments);
          const after = outputError(encoded(), input, moments);
          requireRule(after <= before + TOLERANCE, {
            member: 'encodeCalibrated',
            expected: `an error of the outputs of at most ${before} (${input.name}, ${bits} bits)`,
            found: String(after),
          });
        }
      },
    },
    {
      name: 'keeps exact zeros from 2 bits on with moments, too',
      run: () => {
        for (const { input, bits, encoded } of encodings([small(pruned())])) {
          if (bits < 2) continue;
          const values = decodeTensor(encoded());
          const lost = input.data.findIndex((value, i) => value === 0 && values[i] !== 0);
          requireRule(lost === -1, {
            member: 'encodeCalibrated',
            expected: `zeros that stay 0 at ${bits} bits`,
            found: `${values[lost]} at ${lost}`,
          });
        }
      },
    },
    {
      name: 'gives the same codes for the same moments, which it leaves as they are',
      run: () => {
        for (const { input, bits, moments, encoded } of encodings([small(gaussian())])) {
          const again = momentsFor(input);
          const first = fingerprint(encoded());
          requireRule(isSame(moments, again), {
            member: 'encodeCalibrated',
            expected: 'the moments as they were',
            found: `others after ${bits} bits`,
          });
          requireSame(fingerprint(make().encodeCalibrated!(input, bits, again)), first, 'encodeCalibrated');
        }
      },
    },
  ];
}

function isSame(a: KernelMoments, b: KernelMoments): boolean {
  const [left, right] = [a, b].map(({ products, cross = [] }) => [...products, ...cross]);
  return left!.every((matrix, p) => matrix.every((value, at) => value === right![p]![at]));
}

/** 3x3 positions, 4 channels in and 8 out of an array that has more of them. */
function small(input: QuantizerInput): QuantizerInput {
  const data = Float32Array.from({ length: 9 * 4 * 8 }, (_, at) => {
    const [output, channel, tap] = [at % 8, Math.floor(at / 8) % 4, Math.floor(at / 32)];
    return input.data[(tap * 16 + channel) * 32 + output]!;
  });
  return { ...input, shape: [3, 3, 4, 8], data };
}

function depthwise(): QuantizerInput {
  const data = gaussian().data.slice(0, 9 * 8);
  return { name: 'depthwise/depthwise_kernel', shape: [3, 3, 8, 1], data, channelAxis: 2 };
}

/** Moments of inputs that hang together, and of an original that they have moved away from. */
function momentsFor({ shape, channelAxis }: QuantizerInput): KernelMoments {
  const [height, width, channels, outputs] = shape as [number, number, number, number];
  const taps = height * width;
  const random = createRandom(1, 'moments');
  const layout =
    channelAxis === 2
      ? { matrices: channels, inputs: taps, outputs, matrixStride: outputs, inputStride: channels * outputs }
      : { matrices: 1, inputs: taps * channels, outputs, matrixStride: 0, inputStride: outputs };
  const n = layout.inputs;
  const rows = 4 * n;
  const products: Float64Array[] = [];
  const cross: Float64Array[] = [];
  for (let p = 0; p < layout.matrices; p++) {
    const [own, others] = [new Float64Array(n * n), new Float64Array(n * n)];
    for (let r = 0; r < rows; r++) {
      const source = random.normal();
      const original = Array.from({ length: n }, () => source + random.normal());
      const row = original.map((value) => value + 0.2 * random.normal());
      for (let i = 0, at = 0; i < n; i++) {
        const share = row[i]! / rows;
        for (let j = 0; j < n; j++, at++) {
          own[at]! += share * row[j]!;
          others[at]! += share * original[j]!;
        }
      }
    }
    products.push(own);
    cross.push(others);
  }
  return { ...layout, products, cross };
}

/** q'Hq - 2 q'Gw relative to w'Hw, over all columns: the squared error without what no codes change. */
function outputError(tensor: EncodedTensor, { data }: QuantizerInput, moments: KernelMoments): number {
  const { matrices, inputs: n, outputs, matrixStride, inputStride, products, cross } = moments;
  const values = decodeTensor(tensor);
  let error = 0;
  let energy = 0;
  for (let p = 0; p < matrices; p++) {
    const [own, others] = [products[p]!, cross![p]!];
    for (let o = 0; o < outputs; o++) {
      const place = (i: number) => p * matrixStride + i * inputStride + o;
      for (let i = 0; i < n; i++) {
        const [q, w] = [values[place(i)]!, data[place(i)]!];
        for (let j = 0; j < n; j++) {
          const at = i * n + j;
          error += q * (own[at]! * values[place(j)]! - 2 * others[at]! * data[place(j)]!);
          energy += w * own[at]! * data[place(j)]!;
        }
      }
    }
  }
  return error / energy;
}
