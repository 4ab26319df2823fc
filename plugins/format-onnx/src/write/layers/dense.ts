import { Refusal } from '@tersor/network';
import { activated } from './activations.js';
import { biasOf, kernelOf } from '../weights/kernels.js';
import { weightOf, type WriteSite } from '../site.js';
import { image, imageOf, type Value } from '../value.js';

/**
 * A matrix product with the channels of every position: for rows a Gemm, with its kernel reordered for an
 * image that was flattened in ONNX's order; otherwise a pointwise convolution, which needs no transposes.
 */
export function dense(site: WriteSite): Value {
  const { draft, layer } = site;
  const made = site.inputs[0]!.shape.length === 1 ? rowProduct(site) : positionProduct(site);
  const activation = layer.config['activation'];
  return activated(draft, made, activation, `${layer.name}/${String(activation)}`);
}

function rowProduct(site: WriteSite): Value {
  const { draft, layer, outputShape } = site;
  const input = site.inputs[0]!;
  const [inputs, outputs] = weightOf(site, 'kernel').shape as [number, number];
  const { flattened } = input;
  const kernel = kernelOf(site, {
    role: 'kernel',
    ...(flattened && { view: [...flattened.shape, outputs] }),
    perm: flattened ? [flattened.shape.length, ...flattened.axes] : [1, 0],
    shape: [outputs, inputs],
  });
  const name = draft.node('Gemm', layer.name, [input.name, kernel, ...biasOf(site)], { transB: { int: 1 } });
  return image(name, outputShape);
}

function positionProduct(site: WriteSite): Value {
  const { draft, layer, outputShape } = site;
  const [inputs, outputs] = weightOf(site, 'kernel').shape as [number, number];
  const axes = outputShape.length - 1;
  if (axes > 3) throw new Refusal('works on positions of more than three axes');
  const input = imageOf(draft, site.inputs[0]!);
  const ones = Array.from({ length: axes }, () => 1);
  const kernel = kernelOf(site, { role: 'kernel', perm: [1, 0], shape: [outputs, inputs, ...ones] });
  const name = draft.node('Conv', layer.name, [input.name, kernel, ...biasOf(site)], {
    kernel_shape: { ints: ones },
  });
  return image(name, outputShape);
}
