import { Refusal, mapped } from '@tersor/network';
import { integer } from '../attributes.js';
import type { Constant } from '../file/onnx-model.js';
import { constantAt, optionalConstant, type Site } from '../site.js';
import { axisAt } from '../site.js';

/** Computes an operator on constants. */
export type Fold = (site: Site) => readonly Constant[];

const two =
  (value: (left: number, right: number, isInteger: boolean) => number, type?: Constant['type']): Fold =>
  (site) => {
    const [left, right] = [constantAt(site, 0), constantAt(site, 1)];
    return [mapped(type ?? left.type, [left, right], (a, b) => value(a!, b!, left.type === 'integer'))];
  };

const one =
  (value: (given: number) => number): Fold =>
  (site) => {
    const given = constantAt(site, 0);
    return [mapped(given.type, [given], (x) => value(x!))];
  };

const several =
  (value: (left: number, right: number) => number): Fold =>
  (site) => {
    const all = site.inputs.map((_input, i) => constantAt(site, i));
    return [mapped(all[0]!.type, all, (...values) => values.reduce(value))];
  };

/** Remainder with the sign of the dividend (fmod) or of the divisor. */
const modulo: Fold = (site) => {
  const isRest = integer(site.node, 'fmod', 0) === 1;
  return two((a, b) => (isRest ? a % b : a - b * Math.floor(a / b)))(site);
};

/** Type 1, 10 and 11 are floats, 9 is bool. */
const cast: Fold = (site) => {
  const given = constantAt(site, 0);
  const to = integer(site.node, 'to', 1);
  if (to === 8 || to === 16) throw new Refusal(`makes values of the type ${to}, which is not computed`);
  if (to === 9) return [mapped('boolean', [given], (x) => (x ? 1 : 0))];
  return [1, 10, 11].includes(to)
    ? [mapped('float', [given], (x) => x!)]
    : [mapped('integer', [given], (x) => Math.trunc(x!))];
};

const where: Fold = (site) => {
  const [test, left, right] = [constantAt(site, 0), constantAt(site, 1), constantAt(site, 2)];
  return [mapped(left.type, [test, left, right], (is, a, b) => (is ? a! : b!))];
};

/**
 * `(x - zero point) * scale`, with one scale, one for each index of an axis, or one for each block along it.
 */
const dequantize: Fold = (site) => {
  const { node } = site;
  const [codes, scale] = [constantAt(site, 0), constantAt(site, 1)];
  const zero = optionalConstant(site, 2);
  if (scale.dims.length === 0 || scale.data.length === 1)
    return [mapped('float', [codes], (x) => Math.fround((x! - (zero?.data[0] ?? 0)) * scale.data[0]!))];
  const axis = axisAt(integer(node, 'axis', 1), codes.dims.length);
  const block = integer(node, 'block_size', 0);
  const inner = codes.dims.slice(axis + 1).reduce((product, dim) => product * dim, 1);
  const length = codes.dims[axis]!;
  const rows = block > 0 ? Math.ceil(length / block) : length;
  const expected = block > 0 ? (codes.data.length / length) * rows : length;
  if (scale.data.length !== expected) throw new Refusal(`has ${scale.data.length} scales, not ${expected}`);
  const place = (i: number) => {
    const along = Math.floor(i / inner) % length;
    if (block === 0) return along;
    return (Math.floor(i / (inner * length)) * rows + Math.floor(along / block)) * inner + (i % inner);
  };
  const data = Float32Array.from(codes.data, (code, i) => {
    const at = place(i);
    return (code - (zero?.data[at] ?? 0)) * scale.data[at]!;
  });
  return [{ kind: 'constant', type: 'float', dims: codes.dims, data }];
};

export const ARITHMETIC_FOLDS: Readonly<Record<string, Fold>> = {
  Add: two((a, b) => a + b),
  Sub: two((a, b) => a - b),
  Mul: two((a, b) => a * b),
  // Integer division truncates, as in C.
  Div: two((a, b, isInteger) => (isInteger ? Math.trunc(a / b) : a / b)),
  Mod: modulo,
  Pow: two((a, b) => a ** b),
  Equal: two((a, b) => Number(a === b), 'boolean'),
  Less: two((a, b) => Number(a < b), 'boolean'),
  LessOrEqual: two((a, b) => Number(a <= b), 'boolean'),
  Greater: two((a, b) => Number(a > b), 'boolean'),
  GreaterOrEqual: two((a, b) => Number(a >= b), 'boolean'),
  And: two((a, b) => Number(a && b), 'boolean'),
  Or: two((a, b) => Number(a || b), 'boolean'),
  Not: one((x) => Number(!x)),
  Max: several((a, b) => Math.max(a, b)),
  Min: several((a, b) => Math.min(a, b)),
  Sum: several((a, b) => a + b),
  Neg: one((x) => -x),
  Abs: one(Math.abs),
  Sqrt: one(Math.sqrt),
  Exp: one(Math.exp),
  Log: one(Math.log),
  Reciprocal: one((x) => 1 / x),
  Sin: one(Math.sin),
  Cos: one(Math.cos),
  Tanh: one(Math.tanh),
  Sigmoid: one((x) => 1 / (1 + Math.exp(-x))),
  Floor: one(Math.floor),
  Ceil: one(Math.ceil),
  Relu: one((x) => Math.max(0, x)),
  Cast: cast,
  Where: where,
  DequantizeLinear: dequantize,
};
