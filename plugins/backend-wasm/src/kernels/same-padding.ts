import * as tf from '@tensorflow/tfjs-core';

/** The forward convolutions of the wasm backend, and whether they are depthwise. */
const CONVOLUTIONS: Readonly<Record<string, boolean>> = {
  Conv2D: false,
  FusedConv2D: false,
  DepthwiseConv2dNative: true,
  FusedDepthwiseConv2D: true,
};

interface Attributes {
  readonly strides: number | [number, number];
  readonly pad: 'same' | 'valid' | number | tf.backend_util.ExplicitPadding;
  /** tfjs-layers gives null for a depthwise convolution. */
  readonly dilations: number | [number, number] | null;
  readonly dataFormat: 'NHWC' | 'NCHW';
}

let isRegistered = false;

/**
 * Spells `same` padding out where a window steps over input values (stride above the window's reach). The
 * wasm backend's library works the padding out anew, as an unsigned number, and what should be zero becomes
 * huge: the output is that of an image of zeros (tfjs 4.22: 3 x 3, stride 4, 32 x 32). Twice is harmless.
 */
export function registerSamePadding(): void {
  if (isRegistered) return;
  isRegistered = true;
  for (const [kernelName, isDepthwise] of Object.entries(CONVOLUTIONS)) {
    const stock = tf.getKernel(kernelName, 'wasm')!;
    tf.unregisterKernel(kernelName, 'wasm');
    tf.registerKernel({
      ...stock,
      kernelFunc: (call) =>
        stock.kernelFunc({
          ...call,
          attrs: spelledOut(
            call.attrs as unknown as Attributes,
            call.inputs,
            isDepthwise,
          ) as unknown as tf.NamedAttrMap,
        }),
    });
  }
}

function spelledOut(
  attributes: Attributes,
  { x, filter }: tf.NamedTensorInfoMap,
  isDepthwise: boolean,
): Attributes {
  const { strides, pad, dilations, dataFormat } = attributes;
  if (pad !== 'same' || dataFormat === 'NCHW') return attributes;
  const shapes = [x!.shape, filter!.shape] as [
    [number, number, number, number],
    [number, number, number, number],
  ];
  const info = tf.backend_util.computeConv2DInfo(
    ...shapes,
    strides,
    dilations ?? 1,
    pad,
    undefined,
    isDepthwise,
  );
  const isSteppingOver =
    info.strideHeight > info.effectiveFilterHeight || info.strideWidth > info.effectiveFilterWidth;
  if (!isSteppingOver) return attributes;
  const { top, bottom, left, right } = info.padInfo;
  return {
    ...attributes,
    pad: [
      [0, 0],
      [top, bottom],
      [left, right],
      [0, 0],
    ],
  };
}
