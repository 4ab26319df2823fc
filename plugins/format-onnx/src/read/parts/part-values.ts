import {
  constant,
  leakyPart,
  partShape,
  partType,
  piece,
  Refusal,
  type ConstantArray,
  type PartSource,
} from '@tersor/network';
import { float, integer, text } from '../attributes.js';
import { GELU_BY_TANH } from '../spelled-out.js';
import { partAt, type PartOperator, type PartSite } from './part-site.js';

/** Operators that are one step of the same meaning. */
const PLAIN: Readonly<Record<string, string>> = {
  ...{ Abs: 'abs', Neg: 'neg', Exp: 'exp', Log: 'log', Sqrt: 'sqrt', Reciprocal: 'reciprocal', Erf: 'erf' },
  ...{ Sin: 'sin', Cos: 'cos', Tan: 'tan', Asin: 'asin', Acos: 'acos', Atan: 'atan', Sinh: 'sinh' },
  ...{ Cosh: 'cosh', Tanh: 'tanh', Sigmoid: 'sigmoid', Relu: 'relu', Softplus: 'softplus' },
  ...{ Floor: 'floor', Ceil: 'ceil', Round: 'round', Sign: 'sign', Not: 'logicalNot' },
  ...{ Add: 'add', Sub: 'sub', Mul: 'mul', Pow: 'pow', Where: 'where', Equal: 'equal', Less: 'less' },
  ...{ LessOrEqual: 'lessEqual', Greater: 'greater', GreaterOrEqual: 'greaterEqual' },
  ...{ And: 'logicalAnd', Or: 'logicalOr' },
};

const number = (value: number): ConstantArray => constant('float', [], [value]);
const plus = (x: PartSource, y: PartSource): PartSource => piece('add', [x, y]);
const times = (x: PartSource, y: PartSource): PartSource => piece('mul', [x, y]);
const scaled = (x: PartSource, by: number): PartSource => times(x, number(by));
const limited = (x: PartSource, low: number, high: number): PartSource =>
  piece('minimum', [piece('maximum', [x, number(low)]), number(high)]);

/** An operator on one input. */
const one =
  (of: (x: PartSource, site: PartSite) => PartSource): PartOperator =>
  (site) => [of(partAt(site, 0), site)];

/** An operator on any number of inputs, two at a time. */
const several =
  (operation: string): PartOperator =>
  (site) => [
    site.inputs.map((_, i) => partAt(site, i)).reduce((left, right) => piece(operation, [left, right])),
  ];

const hardSigmoid = (x: PartSource, alpha: number, beta: number): PartSource =>
  limited(plus(scaled(x, alpha), number(beta)), 0, 1);

const gelu = (x: PartSource): PartSource =>
  times(scaled(x, 0.5), plus(piece('erf', [scaled(x, Math.SQRT1_2)]), number(1)));

const geluByTanh = (x: PartSource): PartSource => {
  const bent = plus(x, scaled(times(x, times(x, x)), 0.044715));
  return times(scaled(x, 0.5), plus(piece('tanh', [scaled(bent, Math.sqrt(2 / Math.PI))]), number(1)));
};

/** The limits are attributes before opset 11. */
const clip: PartOperator = (site) => {
  const limit = (name: string, index: number, otherwise: number) =>
    site.inputs[index] ??
    (site.node.attributes.has(name) ? number(float(site.node, name, otherwise)) : undefined);
  const [low, high] = [limit('min', 1, -Infinity), limit('max', 2, Infinity)];
  const raised = low ? piece('maximum', [partAt(site, 0), low]) : partAt(site, 0);
  return [high ? piece('minimum', [raised, high]) : raised];
};

/** Integers are divided towards zero in ONNX, which no step does. */
const divide: PartOperator = (site) => {
  const [x, y] = [partAt(site, 0), partAt(site, 1)];
  if (partType(x) !== 'float') throw new Refusal('divides whole numbers');
  return [piece('div', [x, y])];
};

const remainder: PartOperator = (site) => {
  if (integer(site.node, 'fmod', 0) !== 0) throw new Refusal('has fmod = 1');
  return [piece('mod', [partAt(site, 0), partAt(site, 1)])];
};

const cast = one((x, { node }) => {
  const to = integer(node, 'to', 1);
  if (to === 8 || to === 16) throw new Refusal(`makes values of the type ${to}, which is not computed`);
  if (to === 9) return piece('toBoolean', [x]);
  if (![1, 10, 11].includes(to)) return piece('toInteger', [x]);
  return partType(x) === 'float' ? x : piece('toFloat', [x]);
});

/** Sums of products by row; either matrix can be transposed. */
function multiplied(a: PartSource, b: PartSource, turnA = false, turnB = false): PartSource {
  const outer = [a, b].map((each) => partShape(each).slice(0, -2));
  const isOne = outer.map((dims) => dims.every((dim) => dim === 1));
  // TensorFlow.js repeats matrices only where one side has a single one.
  if (!isOne.includes(true) && outer[0]!.join() !== outer[1]!.join())
    throw new Refusal(`multiplies matrices of [${outer[0]!.join(', ')}] and [${outer[1]!.join(', ')}]`);
  return piece('matMul', [a, b], { turnA, turnB });
}

const gemm: PartOperator = (site) => {
  const { node, inputs } = site;
  const [a, b] = [partAt(site, 0), partAt(site, 1)];
  const product = multiplied(a, b, integer(node, 'transA', 0) !== 0, integer(node, 'transB', 0) !== 0);
  const [alpha, beta] = [float(node, 'alpha', 1), float(node, 'beta', 1)];
  const own = alpha === 1 ? product : scaled(product, alpha);
  if (!inputs[2]) return [own];
  return [plus(own, beta === 1 ? inputs[2] : scaled(inputs[2], beta))];
};

/** Operators that work value by value, and products. */
export const PART_VALUES: Readonly<Record<string, PartOperator>> = {
  ...Object.fromEntries(
    Object.entries(PLAIN).map(([type, operation]): [string, PartOperator] => [
      type,
      (site) => [
        piece(
          operation,
          site.inputs.map((_, i) => partAt(site, i)),
        ),
      ],
    ]),
  ),
  Max: several('maximum'),
  Min: several('minimum'),
  Sum: several('add'),
  Div: divide,
  Mod: remainder,
  Cast: cast,
  Clip: clip,
  LeakyRelu: one((x, { node }) => leakyPart(x, number(float(node, 'alpha', 0.01)))),
  PRelu: one((x, site) => leakyPart(x, partAt(site, 1))),
  HardSigmoid: one((x, { node }) => hardSigmoid(x, float(node, 'alpha', 0.2), float(node, 'beta', 0.5))),
  HardSwish: one((x) => times(x, hardSigmoid(x, 1 / 6, 0.5))),
  Swish: one((x, { node }) => times(x, piece('sigmoid', [scaled(x, float(node, 'alpha', 1))]))),
  Gelu: one((x, { node }) => (text(node, 'approximate', 'none') === 'tanh' ? geluByTanh(x) : gelu(x))),
  [GELU_BY_TANH]: one(geluByTanh),
  MatMul: (site) => [multiplied(partAt(site, 0), partAt(site, 1))],
  Gemm: gemm,
};
