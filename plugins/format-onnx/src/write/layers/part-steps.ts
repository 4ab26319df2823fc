import { Refusal, type PartConstant } from '@tersor/network';
import { bytesOf, type Attribute, type Draft, type ElementType } from '../draft.js';

/** A value while the steps are written. */
export interface StepValue {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: PartConstant['type'];
}

/** A step of a frozen part that is being written. */
interface StepSite {
  readonly draft: Draft;
  /** Name of its output, unless it is taken. */
  readonly name: string;
  readonly inputs: readonly StepValue[];
  readonly options: Readonly<Record<string, unknown>>;
}

/** Writes a step; returns the name of its output. Throws `Refusal`. */
type StepWriter = (site: StepSite) => string;

/** Steps that are one operator of the same meaning. */
const PLAIN: Readonly<Record<string, string>> = {
  ...{ abs: 'Abs', neg: 'Neg', exp: 'Exp', log: 'Log', sqrt: 'Sqrt', reciprocal: 'Reciprocal', erf: 'Erf' },
  ...{ sin: 'Sin', cos: 'Cos', tan: 'Tan', asin: 'Asin', acos: 'Acos', atan: 'Atan', sinh: 'Sinh' },
  ...{ cosh: 'Cosh', tanh: 'Tanh', sigmoid: 'Sigmoid', relu: 'Relu', elu: 'Elu', selu: 'Selu' },
  ...{ softplus: 'Softplus', floor: 'Floor', ceil: 'Ceil', round: 'Round', sign: 'Sign' },
  ...{ add: 'Add', sub: 'Sub', mul: 'Mul', div: 'Div', pow: 'Pow', maximum: 'Max', minimum: 'Min' },
  ...{ equal: 'Equal', less: 'Less', lessEqual: 'LessOrEqual', greater: 'Greater' },
  ...{ greaterEqual: 'GreaterOrEqual', logicalNot: 'Not', logicalAnd: 'And', logicalOr: 'Or' },
  ...{ where: 'Where', gatherNd: 'GatherND', softmax: 'Softmax', logSoftmax: 'LogSoftmax' },
};

const REDUCTIONS = {
  sum: 'ReduceSum',
  mean: 'ReduceMean',
  max: 'ReduceMax',
  min: 'ReduceMin',
  prod: 'ReduceProd',
};

/** A node that gives the step's output. */
function node(
  { draft, name }: StepSite,
  operator: string,
  inputs: readonly string[],
  attributes: Readonly<Record<string, Attribute>> = {},
): string {
  return draft.node(operator, name, inputs, attributes);
}

const names = ({ inputs }: StepSite): string[] => inputs.map(({ name }) => name);

const listed = ({ draft, name, options }: StepSite, key: string): string =>
  draft.integers(`${name}/${key}`, options[key] as number[]);

const reduction =
  (operator: string): StepWriter =>
  (site) =>
    node(site, operator, [...names(site), listed(site, 'axes')], {
      keepdims: { int: site.options['keep'] === true ? 1 : 0 },
    });

const chosen =
  (operator: string): StepWriter =>
  (site) =>
    node(site, operator, names(site), { axis: { int: Number(site.options['axis']) }, keepdims: { int: 0 } });

const cast =
  (type: (draft: Draft) => ElementType): StepWriter =>
  (site) =>
    site.draft.cast(site.inputs[0]!.name, site.name, type(site.draft));

const matMul: StepWriter = (site) => {
  if (site.inputs.some(({ type }) => type !== 'float'))
    throw new Refusal('multiplies matrices of whole numbers');
  const turned = ({ name, shape }: StepValue, isTurned: boolean) => {
    const order = shape.map((_, axis) => axis);
    const ints = [...order.slice(0, -2), shape.length - 1, shape.length - 2];
    return isTurned ? site.draft.node('Transpose', `${site.name}/turned`, [name], { perm: { ints } }) : name;
  };
  const [a, b] = site.inputs as [StepValue, StepValue];
  const { turnA, turnB } = site.options;
  return node(site, 'MatMul', [turned(a, turnA === true), turned(b, turnB === true)]);
};

/** The remainder has the sign of the divisor. */
const mod: StepWriter = (site) => {
  const { draft, name, inputs } = site;
  const [x, y] = names(site) as [string, string];
  if (inputs[0]!.type === 'integer') return node(site, 'Mod', [x, y]);
  const times = draft.node('Floor', `${name}/floor`, [draft.node('Div', `${name}/share`, [x, y])]);
  return node(site, 'Sub', [x, draft.node('Mul', `${name}/whole`, [times, y])]);
};

const floorDiv: StepWriter = (site) => {
  if (site.inputs[0]!.type === 'integer') throw new Refusal('divides whole numbers, rounded down');
  return node(site, 'Floor', [site.draft.node('Div', `${site.name}/share`, names(site))]);
};

const gather: StepWriter = (site) => {
  if (Number(site.options['batches'] ?? 0) !== 0) throw new Refusal('picks values of each of a batch');
  return node(site, 'Gather', names(site), { axis: { int: Number(site.options['axis']) } });
};

const slice: StepWriter = (site) => {
  const begin = site.options['begin'] as number[];
  const size = site.options['size'] as number[];
  const ends = begin.map((start, axis) => start + size[axis]!);
  return node(site, 'Slice', [
    ...names(site),
    listed(site, 'begin'),
    site.draft.integers(`${site.name}/end`, ends),
  ]);
};

const reverse: StepWriter = (site) => {
  const { draft, name } = site;
  const axes = site.options['axes'] as number[];
  const all = (value: number) => axes.map(() => value);
  const [starts, ends] = [
    draft.integers(`${name}/start`, all(-1)),
    draft.integers(`${name}/end`, all(-(2 ** 31))),
  ];
  return node(site, 'Slice', [
    ...names(site),
    starts,
    ends,
    listed(site, 'axes'),
    draft.integers(`${name}/step`, all(-1)),
  ]);
};

/** ONNX lists the sides before all axes, and then those after. */
const pad: StepWriter = (site) => {
  const sides = site.options['sides'] as number[];
  const pads = [0, 1].flatMap((side) => sides.filter((_, i) => i % 2 === side));
  const value = site.draft.number(Number(site.options['value'] ?? 0));
  return node(site, 'Pad', [...names(site), site.draft.integers(`${site.name}/pads`, pads), value]);
};

const cumsum: StepWriter = (site) => {
  const { draft, name, options } = site;
  const axis = draft.tensor(
    `${name}/axis`,
    'int64',
    [],
    bytesOf(BigInt64Array.of(BigInt(Number(options['axis'])))),
  );
  return node(site, 'CumSum', [...names(site), axis], {
    exclusive: { int: options['exclusive'] === true ? 1 : 0 },
    reverse: { int: options['reverse'] === true ? 1 : 0 },
  });
};

const oneHot: StepWriter = (site) => {
  const { draft, name, options } = site;
  const limits = Float32Array.of(Number(options['off'] ?? 0), Number(options['on'] ?? 1));
  const depth = draft.integers(`${name}/depth`, [Number(options['depth'])]);
  return node(site, 'OneHot', [...names(site), depth, draft.values(`${name}/values`, [2], limits)]);
};

/** Operators that are a few of ONNX's. */
const SPELLED: Readonly<Record<string, StepWriter>> = {
  rsqrt: (site) => node(site, 'Reciprocal', [site.draft.node('Sqrt', `${site.name}/root`, names(site))]),
  square: (site) => node(site, 'Mul', [...names(site), ...names(site)]),
  relu6: (site) => node(site, 'Clip', [...names(site), site.draft.number(0), site.draft.number(6)]),
  notEqual: (site) => node(site, 'Not', [site.draft.node('Equal', `${site.name}/equal`, names(site))]),
  squaredDifference: (site) => {
    const difference = site.draft.node('Sub', `${site.name}/difference`, names(site));
    return node(site, 'Mul', [difference, difference]);
  },
};

/** How each step of a frozen part is written. */
export const STEP_WRITERS: ReadonlyMap<string, StepWriter> = new Map<string, StepWriter>([
  ...Object.entries(PLAIN).map(([step, operator]): [string, StepWriter] => [
    step,
    (site) => node(site, operator, names(site)),
  ]),
  ...Object.entries(REDUCTIONS).map(([step, operator]): [string, StepWriter] => [step, reduction(operator)]),
  ...Object.entries({
    ...SPELLED,
    ...{ matMul, mod, floorDiv, gather, slice, reverse, pad, cumsum, oneHot },
    toFloat: cast(({ precision }) => precision),
    toInteger: cast(() => 'int64'),
    toBoolean: cast(() => 'bool'),
    argMax: chosen('ArgMax'),
    argMin: chosen('ArgMin'),
    reshape: (site: StepSite) => node(site, 'Reshape', [...names(site), listed(site, 'shape')]),
    tile: (site: StepSite) => node(site, 'Tile', [...names(site), listed(site, 'times')]),
    transpose: (site: StepSite) =>
      node(site, 'Transpose', names(site), { perm: { ints: site.options['order'] as number[] } }),
    concat: (site: StepSite) =>
      node(site, 'Concat', names(site), { axis: { int: Number(site.options['axis']) } }),
  }),
]);
