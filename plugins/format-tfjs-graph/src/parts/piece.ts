import { Refusal, stepShape, type PartConstant, type PartStep } from '@tersor/network';
import type { Layer } from '../builder.js';
import type { Constant, Tensor } from '../value.js';

/** The result of a node of a frozen part for one image: a step, and its inputs. */
export interface Piece {
  readonly kind: 'piece';
  /** Number in order of creation: no piece reads a later one. */
  readonly order: number;
  readonly operation: string;
  readonly inputs: readonly Source[];
  readonly options: NonNullable<PartStep['options']>;
  /** Including the batch axis, of length 1. */
  readonly shape: readonly number[];
  readonly type: Constant['type'];
}

/** An input of a step. */
export type Source = Piece | Tensor | Constant;

/** Integers are stored as float32 weights, which are exact up to this. */
const MAX_WHOLE = 2 ** 24;

const WHOLE = new Set(['argMax', 'argMin', 'toInteger']);
const YES_OR_NO = new Set([
  ...['equal', 'notEqual', 'less', 'lessEqual', 'greater', 'greaterEqual'],
  ...['logicalAnd', 'logicalOr', 'logicalNot', 'toBoolean'],
]);

let made = 0;

/** Creates a step of a part. Throws `Refusal` if its inputs do not fit. */
export function piece(operation: string, inputs: readonly Source[], options: Piece['options'] = {}): Piece {
  let shape: readonly number[];
  try {
    shape = stepShape({ operation, inputs: [], options }, inputs.map(shapeOf));
  } catch (error) {
    throw new Refusal(`cannot be a step of a frozen part: ${(error as Error).message}`);
  }
  return { kind: 'piece', order: made++, operation, inputs, options, shape, type: typeOf(operation, inputs) };
}

/** The shape of a source for one image. Throws `Refusal` for open sizes. */
export function shapeOf(source: Source): readonly number[] {
  if (source.kind === 'constant') return source.dims;
  if (source.kind === 'piece') return source.shape;
  return [1, ...source.shape].map((length) => {
    if (length === undefined) throw new Refusal('reads an open size');
    return length;
  });
}

function typeOf(operation: string, inputs: readonly Source[]): Constant['type'] {
  if (YES_OR_NO.has(operation)) return 'boolean';
  if (WHOLE.has(operation)) return 'integer';
  if (operation === 'toFloat' || operation === 'oneHot') return 'float';
  const [first, second] = inputs;
  const source = operation === 'where' ? second : first;
  return source?.kind === 'tensor' ? 'float' : (source?.type ?? 'float');
}

/**
 * The layer that computes a piece and all pieces that it needs. Throws `Refusal` if it depends on constants
 * alone.
 */
export function partLayer(last: Piece): Layer {
  const pieces = new Set<Piece>();
  const tensors = new Map<string, Tensor>();
  const constants = new Set<Constant>();
  const open: Source[] = [last];
  while (open.length > 0) {
    const source = open.pop()!;
    if (source.kind === 'constant') constants.add(source);
    else if (source.kind === 'tensor') tensors.set(source.layer, source);
    else if (!pieces.has(source)) {
      pieces.add(source);
      open.push(...source.inputs);
    }
  }
  if (tensors.size === 0) throw new Refusal('is computed of constants alone, and not worked out');
  const places = new Map<string | Constant | Piece, number>();
  const place = (each: string | Constant | Piece) => places.set(each, places.size);
  [...tensors.keys()].forEach(place);
  [...constants].forEach(place);
  const ordered = [...pieces].sort((a, b) => a.order - b.order);
  const steps = ordered.map((each): PartStep => {
    const inputs = each.inputs.map((own) => places.get(own.kind === 'tensor' ? own.layer : own)!);
    place(each);
    return { operation: each.operation, inputs, options: each.options };
  });
  return {
    className: 'TersorFrozenPart',
    config: {
      steps,
      constants: [...constants].map(({ dims, type }): PartConstant => ({ shape: dims, type })),
    },
    inputs: [...tensors.values()],
    shape: last.shape.slice(1),
    weights: [...constants].map(({ dims, data, type }) => ({
      shape: [...dims],
      data: Float32Array.from(data, (value) => {
        if (type !== 'float' && !(Math.abs(value) <= MAX_WHOLE))
          throw new Refusal(`reads the whole number ${value}; 2^24 are exact`);
        return value;
      }),
    })),
  };
}

/** Whether a piece can be a tensor of the network: floats, one result for one image. */
export function isTensor(value: Piece): boolean {
  return value.type === 'float' && value.shape[0] === 1 && value.shape.length > 1;
}
