import { Refusal } from '@tersor/network';
import { activated } from './activations.js';
import type { Attribute } from '../draft.js';
import { biasOf, kernelOf } from '../weights/kernels.js';
import { numbers, weightOf, type LayerWriter, type WriteSite } from '../site.js';
import { image, imageOf, type Value } from '../value.js';
import { windowAttributes, type Window } from './windows.js';

/** Input, kernel and groups of an ONNX convolution. */
interface Convolution {
  readonly input: Value;
  readonly kernel: string;
  readonly size: readonly number[];
  readonly group?: number;
  readonly bias: readonly string[];
  readonly name: string;
}

/** Convolutions over as many axes as the class says. */
export const CONVOLUTIONS: Readonly<Record<string, LayerWriter>> = {
  Conv1D: convolution,
  Conv2D: convolution,
  Conv3D: convolution,
  TersorGroupedConv2D: convolution,
  DepthwiseConv2D: (site) => depthwise(site, site.layer.name, biasOf(site), true),
  SeparableConv2D: separable,
  Conv2DTranspose: transposed,
  Conv3DTranspose: transposed,
};

function convolution(site: WriteSite): Value {
  const { layer } = site;
  const { shape } = weightOf(site, 'kernel');
  const axes = shape.length - 2;
  const size = shape.slice(0, axes);
  const [inputs, outputs] = [shape[axes]!, shape[axes + 1]!];
  const input = imageOf(site.draft, site.inputs[0]!);
  const group = input.shape.at(-1)! / inputs;
  const kernel = kernelOf(site, {
    role: 'kernel',
    perm: [axes + 1, axes, ...size.map((_, axis) => axis)],
    shape: [outputs, inputs, ...size],
  });
  return ending(site, convolved(site, { input, kernel, size, group, bias: biasOf(site), name: layer.name }));
}

function depthwise(site: WriteSite, name: string, bias: readonly string[], ends: boolean): Value {
  const [height, width, channels, multiplier] = weightOf(site, 'depthwise_kernel').shape as [
    number,
    number,
    number,
    number,
  ];
  const kernel = kernelOf(site, {
    role: 'depthwise_kernel',
    perm: [2, 3, 0, 1],
    shape: [channels * multiplier, 1, height, width],
  });
  const input = imageOf(site.draft, site.inputs[0]!);
  const made = convolved(site, { input, kernel, size: [height, width], group: channels, bias, name });
  return ends ? ending(site, made) : made;
}

function separable(site: WriteSite): Value {
  const { draft, layer } = site;
  const input = depthwise(site, `${layer.name}/depthwise`, [], false);
  const [, , inputs, outputs] = weightOf(site, 'pointwise_kernel').shape as [number, number, number, number];
  const kernel = kernelOf(site, {
    role: 'pointwise_kernel',
    perm: [3, 2, 0, 1],
    shape: [outputs, inputs, 1, 1],
  });
  const name = draft.node('Conv', layer.name, [input.name, kernel, ...biasOf(site)], {
    kernel_shape: { ints: [1, 1] },
  });
  return ending(site, image(name, site.outputShape));
}

/** Applies a kernel with the window in the layer's config. */
function convolved(site: WriteSite, { input, kernel, size, group = 1, bias, name }: Convolution): Value {
  const window = windowOf(site, size);
  const output = site.draft.node('Conv', name, [input.name, kernel, ...bias], {
    ...windowAttributes(window, input.shape.slice(0, -1), input.padding),
    ...(group !== 1 && { group: { int: group } }),
  });
  return image(output, site.outputShape);
}

/** A transposed convolution; `output_padding` compensates for strides that are longer than the kernel. */
function transposed(site: WriteSite): Value {
  const { draft, layer } = site;
  const { shape } = weightOf(site, 'kernel');
  const axes = shape.length - 2;
  const size = shape.slice(0, axes);
  const { strides, dilation, padding } = windowOf(site, size);
  if (dilation.some((rate) => rate !== 1)) throw new Refusal('is a transposed convolution with a dilation');
  if (padding !== 'same' && padding !== 'valid') throw new Refusal(`has the padding "${String(padding)}"`);
  const input = imageOf(draft, site.inputs[0]!);
  const kernel = kernelOf(site, {
    role: 'kernel',
    perm: [axes + 1, axes, ...size.map((_, axis) => axis)],
    shape: [shape[axes + 1]!, shape[axes]!, ...size],
  });
  const excess = size.map((each, axis) => each - strides[axis]!);
  const cut = excess.map((each) => (padding === 'same' ? Math.max(0, each) : 0));
  const attributes: Record<string, Attribute> = {
    kernel_shape: { ints: size },
    strides: { ints: strides },
    ...(cut.some((each) => each > 0) && {
      pads: { ints: [...cut.map((each) => each >> 1), ...cut.map((each) => each - (each >> 1))] },
    }),
    ...(excess.some((each) => each < 0) && {
      output_padding: { ints: excess.map((each) => Math.max(0, -each)) },
    }),
  };
  const name = draft.node('ConvTranspose', layer.name, [input.name, kernel, ...biasOf(site)], attributes);
  return ending(site, image(name, site.outputShape));
}

function windowOf({ layer: { config } }: WriteSite, size: readonly number[]): Window {
  return {
    size,
    strides: numbers(config['strides'], size.length),
    dilation: numbers(config['dilation_rate'], size.length),
    padding: config['padding'] ?? 'valid',
  };
}

function ending({ draft, layer }: WriteSite, value: Value): Value {
  const activation = layer.config['activation'];
  return activated(draft, value, activation, `${layer.name}/${String(activation)}`);
}
