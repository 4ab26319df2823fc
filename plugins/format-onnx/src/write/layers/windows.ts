import { Refusal } from '@tersor/network';
import type { Attribute } from '../draft.js';
import type { Shape } from '../value.js';

/** How a kernel or a pooling window moves, by axis. */
export interface Window {
  readonly size: readonly number[];
  readonly strides: readonly number[];
  readonly dilation: readonly number[];
  readonly padding: unknown;
}

/** Zeros before and after the positions of each axis. */
export type Padding = readonly (readonly [number, number])[];

/**
 * The attributes of a window over positions of these sizes. `same` has `size / stride` outputs, rounded up,
 * with an odd zero at the end, as in TensorFlow.
 */
export function windowAttributes(
  window: Window,
  positions: Shape,
  padding?: Padding,
): Record<string, Attribute> {
  return {
    kernel_shape: { ints: window.size },
    strides: { ints: window.strides },
    ...(window.dilation.some((rate) => rate !== 1) && { dilations: { ints: window.dilation } }),
    ...paddingAttribute(window, positions, padding),
  };
}

/** Padding in the order of ONNX: before each axis, then after each axis. */
export function listed(padding: Padding): number[] {
  return [...padding.map(([before]) => before), ...padding.map(([, after]) => after)];
}

function paddingAttribute(
  { size, strides, dilation, padding }: Window,
  positions: Shape,
  given: Padding | undefined,
): Record<string, Attribute> {
  if (given) return { pads: { ints: listed(given) } };
  if (padding === 'valid') return {};
  const reach = size.map((each, axis) => (each - 1) * dilation[axis]! + 1);
  if (padding !== 'same') throw new Refusal(`has the padding "${String(padding)}"`);
  const both = reach.map((each, axis): readonly [number, number] | undefined => {
    const stride = strides[axis]!;
    const length = positions[axis];
    if (length === undefined && stride !== 1) return undefined;
    const total = Math.max(
      0,
      stride === 1 ? each - 1 : (Math.ceil(length! / stride) - 1) * stride + each - length!,
    );
    return [total >> 1, total - (total >> 1)];
  });
  return both.includes(undefined)
    ? { auto_pad: { text: 'SAME_UPPER' } }
    : { pads: { ints: listed(both as Padding) } };
}
