import { Refusal } from '@tersor/network';
import { clip } from './activations.js';
import { shared, type WriteSite } from '../site.js';
import { same, type Value } from '../value.js';

/**
 * Rounds a layer's input like TersorActivationQuantizer: to 8 bits with one scale and an integer zero point.
 * With fewer bits, values beyond the levels are clipped first.
 */
export function roundedInput({ draft, layer, inputs }: WriteSite): Value {
  const { bits, least, most } = layer.config as Record<'bits' | 'least' | 'most', number>;
  if (draft.precision === 'float16')
    throw new Refusal('rounds activations to integers, which is not written in float16');
  const input = inputs[0]!;
  const top = 2 ** bits - 1;
  const scale = (most - least) / top;
  if (!(scale > 0)) {
    const zeros = draft.node('Mul', layer.name, [input.name, draft.number(0)]);
    return same(input, zeros);
  }
  const zero = Math.round(-least / scale);
  const within =
    bits === 8
      ? input.name
      : clip(draft, input.name, `${layer.name}/within`, -zero * scale, (top - zero) * scale);
  // Layers that read the same tensor with the same levels share the rounding: onnxruntime only fuses a sum
  // with one.
  const name = shared(draft, `rounded ${within} ${scale} ${zero}`, () => {
    const parameters = [
      draft.floats(`${layer.name}/scale`, [], Float32Array.of(scale)),
      draft.tensor(`${layer.name}/zero`, 'uint8', [], Uint8Array.of(zero)),
    ];
    const levels = draft.node('QuantizeLinear', `${layer.name}/levels`, [within, ...parameters]);
    return draft.node('DequantizeLinear', layer.name, [levels, ...parameters]);
  });
  return { ...same(input, name), rounded: true };
}
