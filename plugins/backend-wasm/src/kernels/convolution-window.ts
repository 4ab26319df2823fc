import * as tf from '@tensorflow/tfjs-core';

type Window = number | [number, number];
type Padding = 'valid' | 'same' | number | tf.backend_util.ExplicitPadding;

/** How a convolution moves, as tfjs's kernels are told. */
export interface ConvolutionAttributes {
  readonly strides: Window;
  readonly pad: Padding;
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

/** Sides of an image batch or of a filter. */
export type Shape4D = [number, number, number, number];

/** The part of tfjs's wasm backend that gives access to its memory. */
export interface WasmMemory {
  makeOutput(shape: readonly number[], dtype: 'float32'): tf.TensorInfo;
  /** A view that is valid until more memory is taken. */
  typedArrayFromHeap(tensor: tf.TensorInfo): Float32Array;
}

/** tfjs has no gradient of dilated convolutions on any backend, so dilation is 1 here. */
export function convolutionInfo(
  inputShape: Shape4D,
  filterShape: Shape4D,
  { strides, pad, dimRoundingMode }: ConvolutionAttributes,
  depthwise = false,
) {
  return tf.backend_util.computeConv2DInfo(
    inputShape,
    filterShape,
    strides,
    1,
    pad as 'same',
    dimRoundingMode,
    depthwise,
  );
}

/** Padding of an image's sides; what is negative is cut off. */
export interface Amounts {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/** Zeros around height and width; a negative amount cuts. */
export function pad(x: tf.Tensor4D, { top, bottom, left, right }: Amounts): tf.Tensor4D {
  const around = (value: number) => Math.max(0, value);
  const padded =
    top > 0 || bottom > 0 || left > 0 || right > 0
      ? tf.pad(x, [
          [0, 0],
          [around(top), around(bottom)],
          [around(left), around(right)],
          [0, 0],
        ])
      : x;
  if (top >= 0 && bottom >= 0 && left >= 0 && right >= 0) return padded;
  const [batch, height, width, channels] = padded.shape;
  const size = [
    batch,
    height + Math.min(0, top) + Math.min(0, bottom),
    width + Math.min(0, left) + Math.min(0, right),
    channels,
  ];
  return tf.slice(padded, [0, around(-top), around(-left), 0], size as Shape4D);
}
