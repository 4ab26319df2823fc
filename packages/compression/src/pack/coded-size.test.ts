import '@tensorflow/tfjs-backend-cpu';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setBackend } from '@tensorflow/tfjs-core';
import { createRandom, type LinearTensor } from '@tersor/core';
import { isKernel, weightSlots, readNetwork } from '@tersor/network';
import { encodedSize } from './pack-model.js';

const { max, min, round, log2 } = Math;

/** Symmetric codes whose range is 4 deviations, as a quantizer that clips the tails would choose. */
function quantized(shape: readonly number[], data: Float32Array, bits: number): LinearTensor {
  const limit = 2 ** (bits - 1) - 1;
  const scale = (4 * Math.sqrt(data.reduce((sum, value) => sum + value * value, 0) / data.length)) / limit;
  const codes = Uint8Array.from(data, (value) => limit + max(-limit, min(limit, round(value / scale))));
  return {
    codec: 'linear',
    shape,
    bits,
    axis: -1,
    codes,
    scale: Float32Array.of(scale),
    zero: Float32Array.of(limit),
  };
}

/** Bytes by the empirical entropy of the codes, plus scale and zero. */
function entropyBytes({ codes }: LinearTensor): number {
  const counts = new Float64Array(256);
  for (const code of codes) counts[code]! += 1;
  const bits = counts.reduce((sum, count) => (count > 0 ? sum - count * log2(count / codes.length) : sum), 0);
  return bits / 8 + 8;
}

const WIDTHS = [2, 3, 4, 5, 6, 7, 8];

it.each(WIDTHS)('codes bell-shaped weights within 3%% of their entropy at %i bits', (bits) => {
  const random = createRandom(1);
  const tensor = quantized(
    [3, 3, 64, 128],
    Float32Array.from({ length: 73728 }, () => random.normal()),
    bits,
  );
  expect(encodedSize(tensor) / entropyBytes(tensor)).toBeLessThan(1.03);
});

const model = join(
  process.env['TERSOR_DATA'] ?? join(__dirname, '../../../../../shared/data'),
  'models/mobilenet_v1_025_224/model.json',
);
const real = existsSync(model) ? describe : describe.skip;

real(
  `MobileNet's layers${existsSync(model) ? '' : ' (skipped: no model in ../shared/data or TERSOR_DATA)'}`,
  () => {
    it('are coded within 3% of their entropy and tables at every bit width, each large layer and all together', async () => {
      await setBackend('cpu');
      const kernels = weightSlots(await readNetwork(model)).filter(({ weight }) => isKernel(weight));
      for (const bits of WIDTHS) {
        let coded = 0;
        let ideal = 0;
        for (const { layer, weight } of kernels) {
          const tensor = quantized(weight.shape, weight.data, bits);
          const [size, entropy] = [encodedSize(tensor), entropyBytes(tensor)];
          if (weight.data.length > 20_000)
            expect([layer.name, bits, size < 1.03 * entropy]).toEqual([layer.name, bits, true]);
          coded += size;
          ideal += entropy;
        }
        expect(coded / ideal).toBeLessThan(1.03);
      }
    });
  },
);
