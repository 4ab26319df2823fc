import { stepShape, type PartConstant, type PartStep } from '@tersor/runtime';
import type { ConstantArray } from '../constant-arrays.js';
import { Refusal } from '../lowered-layer.js';

/** The output of a layer, as a frozen part reads it. */
export interface PartTensor {
  readonly kind: 'tensor';
  /** Identifies the output; tensors of the same layer are one input of the part. */
  readonly layer: string;
  /** Shape of one sample; `undefined` for open sizes. */
  readonly shape: readonly (number | undefined)[];
}

/** The result of a node of a frozen part for one image: a step, and its inputs. */
export interface Piece {
  readonly kind: 'piece';
  /** Number in order of creation: no piece reads a later one. */
  readonly order: number;
  readonly operation: string;
  readonly inputs: readonly PartSource[];
  readonly options: NonNullable<PartStep['options']>;
  /** Including the batch axis, of length 1. */
  readonly shape: readonly number[];
  readonly type: ConstantArray['type'];
}

/** An input of a step. */
export type PartSource = Piece | PartTensor | ConstantArray;

/** The layer that a frozen part becomes. */
export interface PartLayer {
  readonly className: 'TersorFrozenPart';
  readonly config: { readonly steps: readonly PartStep[]; readonly constants: readonly PartConstant[] };
  readonly inputs: readonly PartTensor[];
  /** Shape of one sample of its output. */
  readonly shape: readonly number[];
  /** Its constants, in their order. */
  readonly weights: readonly { readonly shape: number[]; readonly data: Float32Array }[];
}

/** Integers are stored as float32 weights, which are exact up to this. */
const MAX_WHOLE = 2 ** 24;

const WHOLE = new Set(['argMax', 'argMin', 'toInteger']);
const YES_OR_NO = new Set([
  ...['equal', 'notEqual', 'less', 'lessEqual', 'greater', 'greaterEqual'],
  ...['logicalAnd', 'logicalOr', 'logicalNot', 'toBoolean'],
]);

let made = 0;

/** Creates a step of a part. Throws `Refusal` if its inputs do not fit. */
export function piece(
  operation: string,
  inputs: readonly PartSource[],
  options: Piece['options'] = {},
): Piece {
  let shape: readonly number[];
  try {
    shape = stepShape({ operation, inputs: [], options }, inputs.map(partShape));
  } catch (error) {
    throw new Refusal(`cannot be a step of a frozen part: ${(error as Error).message}`);
  }
  return {
    kind: 'piece',
    order: made++,
    operation,
    inputs,
    options,
    shape,
    type: stepType(operation, inputs.map(partType)),
  };
}

/** The shape of a source for one image, with its batch. Throws `Refusal` for open sizes. */
export function partShape(source: PartSource): readonly number[] {
  if (source.kind === 'constant') return source.dims;
  if (source.kind === 'piece') return source.shape;
  return [1, ...source.shape].map((length) => {
    if (length === undefined) throw new Refusal('reads an open size');
    return length;
  });
}

/** The type of a source's values. */
export function partType(source: PartSource): ConstantArray['type'] {
  return source.kind === 'tensor' ? 'float' : source.type;
}

/** Type of a step's values, given those of its inputs. */
export function stepType(
  operation: string,
  inputs: readonly (ConstantArray['type'] | undefined)[],
): ConstantArray['type'] {
  if (YES_OR_NO.has(operation)) return 'boolean';
  if (WHOLE.has(operation)) return 'integer';
  if (operation === 'toFloat' || operation === 'oneHot') return 'float';
  return inputs[operation === 'where' ? 1 : 0] ?? 'float';
}

/**
 * The layer that computes a piece and all pieces that it needs. Throws `Refusal` if it depends on constants
 * alone.
 */
export function partLayer(last: Piece): PartLayer {
  const pieces = new Set<Piece>();
  const tensors = new Map<string, PartTensor>();
  const constants = new Set<ConstantArray>();
  const open: PartSource[] = [last];
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
  const places = new Map<string | ConstantArray | Piece, number>();
  const place = (each: string | ConstantArray | Piece) => places.set(each, places.size);
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
export function isPartTensor(value: Piece): boolean {
  return value.type === 'float' && value.shape[0] === 1 && value.shape.length > 1;
}
