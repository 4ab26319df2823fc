import { affineWith, COMBINING_LAYERS, rescalingLayer, type Combination } from '@tersor/network';
import type { KerasLayer } from './keras-layer.js';
import type { Lowered, Part } from './part.js';
import { activationParts } from './activations.js';
import { MOVES } from './tensor-operations.js';
import { inputShapeOf, isReference, referencesIn, type Call, type Reference } from './tensors.js';

/** An operation as layers, and their input tensors. */
export interface LoweredOperation extends Lowered {
  readonly inputs: readonly Reference[];
  /** Which of the parts each output is, where there are several. */
  readonly outputs?: readonly number[];
}

/** Equivalent functions of TensorFlow, NumPy and Keras, by names without their modules. */
const SAME: Readonly<Record<string, Combination>> = {
  add: 'add',
  iadd: 'add',
  sub: 'subtract',
  subtract: 'subtract',
  mul: 'multiply',
  multiply: 'multiply',
  divide: 'divide',
  realdiv: 'divide',
  truediv: 'divide',
  truedivide: 'divide',
  maximum: 'maximum',
  minimum: 'minimum',
};

const ACTIVATIONS = [
  'relu',
  'relu6',
  'sigmoid',
  'tanh',
  'silu',
  'softplus',
  'softsign',
  'selu',
  'hardsigmoid',
  'hardsilu',
  'mish',
];

/** An operation on tensors (`x + 3`, `tf.nn.relu(x)`) as layers, or the reason why there are none. */
export function loweredOperation(layer: KerasLayer, call: Call): LoweredOperation | string {
  const stated = layer.className === 'TFOpLambda' ? String(layer.config['function']) : layer.className;
  const plain = stated
    .slice(stated.lastIndexOf('.') + 1)
    .replaceAll('_', '')
    .toLowerCase();
  const others = Object.entries(call.named).filter(([key]) => !['name', 'y', 'x', 'x1', 'x2'].includes(key));
  const [first, second] = operands(call);
  const inputs = [first, second].flatMap(referencesIn);
  const what = `is the operation ${stated}`;
  const moves = Object.hasOwn(MOVES, stated) ? MOVES[stated] : undefined;
  if (moves) {
    const moved = moves({ call, config: layer.config, shape: inputShapeOf(layer) ?? [] });
    if (typeof moved === 'string') return `${what}, which ${moved}`;
    return { ...moved, inputs: referencesIn(call.args) };
  }
  const binary = SAME[plain];
  if (binary !== undefined && others.length === 0 && second !== undefined) {
    if (isReference(first) && isReference(second))
      return { parts: [{ className: COMBINING_LAYERS[binary], config: {} }], inputs };
    const parts = withConstant(binary, first, second);
    return parts ? { parts, inputs } : `${what}, of which one side is no tensor or number that is known`;
  }
  const isPlain = isReference(first) && second === undefined && others.every(([, value]) => value === null);
  if (isPlain && plain === 'negative') return { parts: [rescalingLayer(-1, 0)], inputs };
  if (isPlain && ACTIVATIONS.includes(plain)) {
    const parts = activationParts(plain.replace('hard', 'hard_'), 3);
    if (typeof parts !== 'string') return { parts: parts.map(withoutEnding), inputs };
  }
  return what;
}

/** The last part gives the output of the operation and has its name. */
function withoutEnding(part: Part, i: number, all: readonly Part[]): Part {
  if (i < all.length - 1) return part;
  const { ending: _ending, ...rest } = part;
  return rest;
}

function operands({ args, named }: Call): unknown[] {
  return [...args, ...['x', 'x1', 'x2', 'y'].filter((key) => key in named).map((key) => named[key])];
}

/** `tensor op number`, or `number op tensor` where that is linear too. */
function withConstant(operation: Combination, first: unknown, second: unknown): Part[] | undefined {
  const isFirst = isReference(first);
  const [tensor, constant] = isFirst ? [first, second] : [second, first];
  if (!isReference(tensor) || typeof constant !== 'number') return undefined;
  if (operation === 'maximum' && constant === 0) return [{ className: 'ReLU', config: {} }];
  const line = affineWith(operation, constant, isFirst);
  return line && [rescalingLayer(line.scale, line.offset)];
}
