import { Refusal } from '@tersor/network';
import { float, integer } from '../attributes.js';
import { weight, withLast } from '../builder.js';
import type { Constant } from '../file/onnx-model.js';
import { axisOf, lengthOf, rowOrder, type Tensor } from '../layout/tensor.js';
import { constantAt, optionalConstant, tensorAt, type Lowering, type Site } from '../site.js';

/** A Dense. Reorders the rows of the kernel from the file's order to the memory order of the input. */
function dense(site: Site, x: Tensor, kernel: Kernel, bias: Float32Array | undefined): Tensor {
  const { build } = site;
  const axis = x.axes.length - 1;
  if (axis < 0) throw new Refusal('multiplies along the batch');
  const inputs = lengthOf(x.axes[axis]!);
  if (inputs !== kernel.inputs)
    throw new Refusal(`has a kernel of ${kernel.inputs} rows for ${inputs} values`);
  const ready = withLast(build, x, [axis]);
  const rows = rowOrder(ready.axes[axis]!, ready.lies.at(-1)!);
  const { outputs } = kernel;
  const data = new Float32Array(inputs * outputs);
  rows.forEach((row, i) => {
    for (let out = 0; out < outputs; out++) data[i * outputs + out] = kernel.at(row, out);
  });
  const lies = [...ready.lies.slice(0, -1), axisOf(outputs)];
  const layer = {
    className: 'Dense',
    config: { units: outputs, activation: 'linear', use_bias: bias !== undefined },
    weights: [weight('kernel', [inputs, outputs], data), ...(bias ? [weight('bias', [outputs], bias)] : [])],
  };
  const call = build.call(layer, [ready], lies.map(lengthOf));
  return { kind: 'tensor', call, axes: [...ready.axes.slice(0, -1), lies.at(-1)!], lies };
}

/** A weight matrix, transposed in the file or not. */
interface Kernel {
  readonly inputs: number;
  readonly outputs: number;
  readonly at: (input: number, output: number) => number;
}

function kernelOf({ dims, data }: Constant, isTransposed: boolean, factor: number): Kernel {
  if (dims.length !== 2) throw new Refusal(`multiplies with a constant of ${dims.length} axes`);
  const [rows, columns] = dims as [number, number];
  return isTransposed
    ? { inputs: columns, outputs: rows, at: (i, o) => data[o * columns + i]! * factor }
    : { inputs: rows, outputs: columns, at: (i, o) => data[i * columns + o]! * factor };
}

const matMul: Lowering = (site) => [
  dense(site, tensorAt(site, 0), kernelOf(constantAt(site, 1), false, 1), undefined),
];

const gemm: Lowering = (site) => {
  const { node } = site;
  if (integer(node, 'transA', 0) !== 0) throw new Refusal('multiplies along the batch (transA)');
  const kernel = kernelOf(constantAt(site, 1), integer(node, 'transB', 0) !== 0, float(node, 'alpha', 1));
  const given = optionalConstant(site, 2);
  const beta = float(node, 'beta', 1);
  if (given && given.data.length !== 1 && given.data.length !== kernel.outputs)
    throw new Refusal(`adds a constant [${given.dims.join(', ')}] that is not one row`);
  const bias =
    given &&
    Float32Array.from({ length: kernel.outputs }, (_, i) => given.data[i % given.data.length]! * beta);
  const x = tensorAt(site, 0);
  if (x.axes.length !== 1) throw new Refusal(`multiplies a tensor of ${x.axes.length + 1} axes`);
  return [dense(site, x, kernel, bias)];
};

export const DENSE: Readonly<Record<string, Lowering>> = { MatMul: matMul, Gemm: gemm };
