import type { Precision } from '@tersor/core';
import type { OperationAttribute, TensorflowBinding } from '../tensorflow-binding.js';

/**
 * TensorFlow's numbers of the types that sessions compute in; tfjs itself knows no bfloat16, but its native
 * addon passes them on.
 */
const TYPE_NUMBERS: Readonly<Record<Precision, number>> = { float32: 1, bfloat16: 14 };

/**
 * An attribute's value. Whole numbers and lists of them are TensorFlow's `int`; a `type` or a `float` is
 * tagged.
 */
type Value =
  | string
  | number
  | boolean
  | readonly number[]
  | { readonly type: number }
  | { readonly float: number };
type Attributes = Readonly<Record<string, Value>>;

/**
 * TensorFlow operations on handles of the native library, without tfjs's tensors around them: results can
 * then be of types that tfjs does not know. Whoever gets a handle frees it.
 */
export interface NativeOperations {
  readonly precision: Precision;
  /** Handles that are alive, and their bytes. */
  held(): { readonly tensors: number; readonly bytes: number };
  /** Uploads numbers, converted to the session's precision. */
  upload(shape: readonly number[], values: Float32Array): number;
  /** Uploads whole numbers (axes, shapes, paddings) as int32. */
  uploadIndices(shape: readonly number[], values: readonly number[]): number;
  /** Runs one operation of one result, whose type attribute `T` is the session's precision. */
  run(name: string, inputs: readonly number[], attributes?: Attributes): number;
  cast(input: number, from: Precision, to: Precision): number;
  /** Reads float32 numbers. */
  read(id: number): Float32Array;
  free(id: number): void;
}

/** @param precision Type of the operations that `run` runs. */
export function nativeOperations(binding: TensorflowBinding, precision: Precision): NativeOperations {
  /** Bytes by handle. */
  const alive = new Map<number, number>();
  const attributeLists = new WeakMap<object, OperationAttribute[]>();
  const typeAttribute = (name: string, value: number): OperationAttribute => ({
    name,
    type: binding.TF_ATTR_TYPE,
    value,
  });

  const adopt = (id: number, shape: readonly number[], dtype: number) => {
    alive.set(
      id,
      shape.reduce((size, side) => size * side, dtype === TYPE_NUMBERS.bfloat16 ? 2 : 4),
    );
    return id;
  };
  const execute = (name: string, attributes: readonly OperationAttribute[], inputs: readonly number[]) => {
    const result = binding.executeOp(name, attributes, inputs, 1)[0]!;
    return adopt(result.id, result.shape, result.dtype);
  };
  const create = (shape: readonly number[], dtype: number, values: Float32Array | Int32Array) =>
    adopt(binding.createTensor(shape, dtype, values), shape, dtype);
  const free = (id: number) => {
    if (alive.delete(id)) binding.deleteTensor(id);
  };
  const cast = (input: number, from: Precision, to: Precision) =>
    execute(
      'Cast',
      [
        typeAttribute('SrcT', TYPE_NUMBERS[from]),
        typeAttribute('DstT', TYPE_NUMBERS[to]),
        { name: 'Truncate', type: binding.TF_ATTR_BOOL, value: false },
      ],
      [input],
    );
  const attributesOf = (attributes: Attributes) => {
    const known = attributeLists.get(attributes);
    if (known) return known;
    const list = [typeAttribute('T', TYPE_NUMBERS[precision])];
    for (const [name, value] of Object.entries(attributes))
      list.push({ name, ...typedValue(binding, value) });
    attributeLists.set(attributes, list);
    return list;
  };

  return {
    precision,
    held: () => ({ tensors: alive.size, bytes: [...alive.values()].reduce((a, b) => a + b, 0) }),
    upload(shape, values) {
      const exact = create(shape, binding.TF_FLOAT, values);
      if (precision === 'float32') return exact;
      const rounded = cast(exact, 'float32', precision);
      free(exact);
      return rounded;
    },
    uploadIndices: (shape, values) => create(shape, binding.TF_INT32, Int32Array.from(values)),
    run: (name, inputs, attributes = NO_ATTRIBUTES) => execute(name, attributesOf(attributes), inputs),
    cast,
    read: (id) => binding.tensorDataSync(id),
    free,
  };
}

const NO_ATTRIBUTES: Attributes = {};

function typedValue(binding: TensorflowBinding, value: Value): { type: number; value: unknown } {
  if (typeof value === 'string') return { type: binding.TF_ATTR_STRING, value };
  if (typeof value === 'boolean') return { type: binding.TF_ATTR_BOOL, value };
  if (typeof value === 'object' && 'type' in value) return { type: binding.TF_ATTR_TYPE, value: value.type };
  if (typeof value === 'object' && 'float' in value)
    return { type: binding.TF_ATTR_FLOAT, value: value.float };
  return { type: binding.TF_ATTR_INT, value };
}
