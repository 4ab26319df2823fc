import { Refusal, activationLayer, affineWith, COMBINING_LAYERS, type Combination } from '@tersor/network';
import { lying, spread, type Builder } from '../builder.js';
import type { Constant } from '../file/onnx-model.js';
import { refined } from '../layout/reshape.js';
import { axisOf, lengthOf, orderOf, type Factor, type Tensor } from '../layout/tensor.js';
import { optionalConstant, scalarOf, tensorAt, type Lowering, type Site, type Value } from '../site.js';
import { aligned, scaleShift } from './affine.js';
import { clipped } from './activations.js';

/**
 * Two tensors with the same memory layout, one of them broadcast if necessary, as inputs of an element-wise
 * Keras layer; and its result, without the call.
 */
function alike(build: Builder, left: Tensor, right: Tensor): readonly [Tensor, Tensor, Tensor] {
  if (left.axes.length !== right.axes.length)
    throw new Refusal(`combines tensors of ${left.axes.length + 1} and ${right.axes.length + 1} axes`);
  left.axes.forEach((axis, i) => {
    const [a, b] = [lengthOf(axis), lengthOf(right.axes[i]!)];
    if (a !== b && a !== 1 && b !== 1) throw new Refusal(`combines axes of lengths ${a} and ${b}`);
  });
  const pair = refined(left, right);
  if (pair) {
    const [a, b] = pair;
    if (covers(a, b)) {
      const other = likeLeader(build, a, b);
      if (other) return [a, other, a];
    }
    if (covers(b, a)) {
      const other = likeLeader(build, b, a);
      if (other) return [other, b, b];
    }
  }
  const order = orderOf(left.axes.flat().length >= right.axes.flat().length ? left : right);
  const [a, b] = [spread(build, left, order), spread(build, right, order)];
  const axes = a.axes.map((axis, i) => axisOf(Math.max(lengthOf(axis), lengthOf(b.axes[i]!))));
  return [a, b, { ...a, axes, lies: order.map((axis) => axes[axis]!) }];
}

function covers(leader: Tensor, other: Tensor): boolean {
  return leader.axes.every((axis, i) => axis.length > 0 || other.axes[i]!.length === 0);
}

/** The other tensor in the memory layout of the leader; `undefined` if an axis would be broadcast in part. */
function likeLeader(build: Builder, leader: Tensor, other: Tensor): Tensor | undefined {
  const partner = new Map<Factor, Factor>();
  leader.axes.forEach((axis, i) => other.axes[i]!.forEach((factor, j) => partner.set(axis[j]!, factor)));
  const lies = leader.lies.map((axis) => axis.flatMap((factor) => partner.get(factor) ?? []));
  if (lies.some((axis, i) => axis.length > 0 && axis.length < leader.lies[i]!.length)) return undefined;
  return lying(build, other, lies);
}

/** One layer of two tensors, element by element. */
export function combined(build: Builder, operation: Combination, left: Tensor, right: Tensor): Tensor {
  const [a, b, like] = alike(build, left, right);
  const className = COMBINING_LAYERS[operation];
  return { ...like, call: build.call({ className }, [a, b], like.lies.map(lengthOf)) };
}

/** An operator on a tensor and a constant; `isFirst` if the tensor is the first operand. */
type WithConstant = (build: Builder, x: Tensor, constant: Constant, isFirst: boolean) => Tensor;

/** `x * scale + shift`, both computed from the constant's values. */
const affine =
  (operation: Combination): WithConstant =>
  (build, given, constant, isFirst) => {
    const { x, at } = aligned(build, given, constant);
    const line = (value: number) => affineWith(operation, value, isFirst)!;
    const isNeutral = ({ scale, offset }: ReturnType<typeof line>) => scale === 1 && offset === 0;
    if (constant.data.every((value) => isNeutral(line(value)))) return x;
    return scaleShift(
      build,
      x,
      (i) => line(at(i)).scale,
      (i) => line(at(i)).offset,
    );
  };

const added = affine('add');

const divided: WithConstant = (build, x, constant, isFirst) =>
  isFirst
    ? affine('divide')(build, x, constant, true)
    : affine('multiply')(build, powered(build, x, -1), constant, true);

/** Raises every value to a power. */
export function powered(build: Builder, x: Tensor, exponent: number): Tensor {
  return exponent === 1 ? x : build.apply({ className: 'TersorPower', config: { exponent } }, x);
}

/** An operator of two inputs. */
const binary =
  (operation: Combination, withConstant: WithConstant): Lowering =>
  (site) => {
    const [left, right] = site.inputs;
    if (left?.kind === 'constant') return [withConstant(site.build, tensorAt(site, 1), left, false)];
    if (right?.kind === 'constant') return [withConstant(site.build, tensorAt(site, 0), right, true)];
    return [combined(site.build, operation, tensorAt(site, 0), tensorAt(site, 1))];
  };

/** An operator of any number of inputs. */
const variadic =
  (operation: Combination, withConstant: WithConstant): Lowering =>
  ({ build, inputs }) => {
    const values = inputs.filter((value): value is Value => value !== undefined);
    const tensors = values.filter((value) => value.kind === 'tensor');
    const constants = values.filter((value) => value.kind === 'constant');
    const first = tensors[0];
    if (!first) throw new Refusal('reads constants alone');
    const joined = tensors.slice(1).reduce((sum, each) => combined(build, operation, sum, each), first);
    return [constants.reduce((result, each) => withConstant(build, result, each, true), joined)];
  };

/** `max(x, c)` is `relu(x - c) + c`. */
const atLeast: WithConstant = (build, x, constant) => clipped(build, x, scalarOf(constant), Infinity);
const atMost: WithConstant = (build, x, constant) => clipped(build, x, -Infinity, scalarOf(constant));

const pow: Lowering = (site) => {
  const x = tensorAt(site, 0);
  const exponent = optionalConstant(site, 1);
  if (!exponent) throw new Refusal('has no exponent');
  const value = exponent.data[0];
  if (value === undefined || exponent.data.some((each) => each !== value))
    throw new Refusal('has several exponents');
  return [powered(site.build, x, value)];
};

/** `x * scale + shift` of numbers. */
const scaled =
  (scale: number, shift: number): Lowering =>
  (site) => [scaleShift(site.build, tensorAt(site, 0), scale, shift)];

const power =
  (exponent: number): Lowering =>
  (site) => [powered(site.build, tensorAt(site, 0), exponent)];

const mean: Lowering = (site) => {
  const sum = variadic('add', added)(site)[0]!;
  return [scaleShift(site.build, sum as Tensor, 1 / site.inputs.length, 0)];
};

/** Absolute values. */
export function magnitude(build: Builder, x: Tensor): Tensor {
  return combined(build, 'maximum', x, scaleShift(build, x, -1, 0));
}

/** Multiplication. The product of a tensor and its own sigmoid, or tanh of its softplus, is an activation. */
const multiply: Lowering = (site) => {
  const [left, right] = site.inputs;
  if (left?.kind === 'tensor' && right?.kind === 'tensor' && !left.isBare) {
    const name = gateOf(site, left, right) ?? gateOf(site, right, left);
    const x = gateOf(site, left, right) === undefined ? right : left;
    if (name !== undefined) return [site.build.apply(activationLayer(name), x)];
  }
  return binary('multiply', affine('multiply'))(site);
};

function gateOf({ build }: Site, x: Tensor, gate: Tensor): 'swish' | 'mish' | undefined {
  const outer = build.layers[gate.call]!.config['activation'];
  const from = build.calls[gate.call]!.inputs[0];
  if (outer === 'sigmoid' && from === x.call) return 'swish';
  const isMish =
    outer === 'tanh' && from !== undefined && build.layers[from]!.config['activation'] === 'softplus';
  return isMish && build.calls[from]!.inputs[0] === x.call ? 'mish' : undefined;
}

export const ARITHMETIC: Readonly<Record<string, Lowering>> = {
  Add: binary('add', added),
  Sub: binary('subtract', affine('subtract')),
  Mul: multiply,
  Div: binary('divide', divided),
  Max: variadic('maximum', atLeast),
  Min: variadic('minimum', atMost),
  Sum: variadic('add', added),
  Mean: mean,
  Pow: pow,
  Sqrt: power(0.5),
  Reciprocal: power(-1),
  Neg: scaled(-1, 0),
  Abs: (site) => [magnitude(site.build, tensorAt(site, 0))],
};
