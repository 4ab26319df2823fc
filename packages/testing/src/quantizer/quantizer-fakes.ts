import { TersorError, type LinearTensor, type Quantizer, type QuantizerInput } from '@tersor/core';

interface LinearFake extends Quantizer {
  encode(input: QuantizerInput, bits: number): LinearTensor;
}

/** The simplest right quantizer: symmetric, one scale per array, nothing clipped; moments tell it nothing. */
export function correctQuantizer(): LinearFake {
  const fake: LinearFake = {
    id: 'fake',
    bits: [2, 8],
    calibration: { images: 1, points: 1, maximumInputs: 64 },
    encodeCalibrated: (input, bits) => fake.encode(input, bits),
    encode({ shape, data, name }, bits) {
      if (!data.every(Number.isFinite)) throw new TersorError('WEIGHTS_NOT_FINITE', `${name} is not finite.`);
      const limit = 2 ** (bits - 1) - 1;
      const scale = Float32Array.of(data.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / limit);
      const codes = Uint8Array.from(
        data,
        (value) =>
          limit + (scale[0]! > 0 ? Math.max(-limit, Math.min(limit, Math.round(value / scale[0]!))) : 0),
      );
      return { codec: 'linear', shape, bits, axis: -1, codes, scale, zero: Float32Array.of(limit) };
    },
    heuristics: {
      'last-first': ({ layers, bits: [fewest, most], fits }) => {
        const bits = layers.map(() => fewest);
        for (let i = bits.length - 1; i >= 0; i--)
          while (bits[i]! < most && fits(bits.with(i, bits[i]! + 1))) bits[i] = bits[i]! + 1;
        return bits;
      },
    },
  };
  return fake;
}

/** Quantizers that break one promise each, by the name of the case that must catch them. */
export function brokenQuantizers(): Record<string, () => Quantizer> {
  const broken = (change: (good: LinearFake) => Partial<Quantizer>) => () => {
    const good = correctQuantizer();
    return { ...good, ...change(good) };
  };
  let calls = 0;
  return {
    'declares bit widths within 1 to 8': broken(() => ({ bits: [2, 9] })),
    'gives codes and tables that fit the shape at every bit width': broken((good) => ({
      encode: (input, bits) => ({
        ...good.encode(input, bits),
        codes: good.encode(input, bits).codes.map((code) => code + 2),
      }),
    })),
    'loses less with more bits': broken((good) => ({
      encode: (input, bits) => ({ ...good.encode(input, Math.min(bits, 4)), bits }),
    })),
    'keeps exact zeros from 2 bits on': broken((good) => ({
      encode: (input, bits) => {
        const encoded = good.encode(input, bits);
        return { ...encoded, zero: encoded.zero.map((zero) => zero + 0.001) };
      },
    })),
    'takes arrays that are all zero, constant, or a single value': broken((good) => ({
      encode: (input, bits) => {
        const encoded = good.encode(input, bits);
        return input.data.some((value) => value !== 0)
          ? encoded
          : { ...encoded, scale: Float32Array.of(NaN) };
      },
    })),
    'gives the same codes each time': broken((good) => ({
      encode: (input, bits) => {
        const encoded = good.encode(input, bits);
        return { ...encoded, scale: encoded.scale.map((scale) => scale * (1 + 1e-6 * (calls++ % 7))) };
      },
    })),
    'leaves its input as it is': broken((good) => ({
      encode: (input, bits) => {
        const encoded = good.encode(input, bits);
        input.data[0] = 0;
        return encoded;
      },
    })),
    'refuses weights that are not finite with WEIGHTS_NOT_FINITE': broken((good) => ({
      encode: (input, bits) =>
        good.encode(
          { ...input, data: input.data.map((value) => (Number.isFinite(value) ? value : 0)) },
          bits,
        ),
    })),
    'gives codes and tables that fit the shape from moments, too': broken((good) => ({
      encodeCalibrated: (input, bits) => ({ ...good.encode(input, bits), zero: Float32Array.of(1, 1) }),
    })),
    'never loses more of the outputs with their moments than without': broken((good) => ({
      encodeCalibrated: (input, bits) => {
        const encoded = good.encode(input, bits);
        return { ...encoded, scale: encoded.scale.map((scale) => scale * 1.5) };
      },
    })),
    'keeps exact zeros from 2 bits on with moments, too': broken((good) => ({
      encodeCalibrated: (input, bits) => {
        const encoded = good.encode(input, bits);
        return { ...encoded, zero: encoded.zero.map((zero) => zero + 0.001) };
      },
    })),
    'gives the same codes for the same moments, which it leaves as they are': broken((good) => ({
      encodeCalibrated: (input, bits, moments) => {
        moments.products[0]![0] = 0;
        return good.encode(input, bits);
      },
    })),
    'refines without losing what was gained, zeros included': broken(() => ({
      refine: (_input, previous) => ({ ...previous, codes: previous.codes.map((code) => code ^ 1) }),
    })),
    'its heuristics give bits in its range that keep the budget, the same ones twice': broken(() => ({
      heuristics: { greedy: ({ layers, bits }) => layers.map(() => bits[1]) },
    })),
  };
}
