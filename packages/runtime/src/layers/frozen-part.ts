import * as tf from '@tensorflow/tfjs-core';
import { initializers, layers, type LayerVariable, type Shape } from '@tensorflow/tfjs-layers';
import { isList, wrong, type LayerConfig } from './config-values.js';
import { countOf, STEP_KINDS, type StepOptions } from './part-steps.js';

/** One operation. Input indexes count the part's inputs, then its constants, then the preceding steps. */
export interface PartStep {
  readonly operation: string;
  readonly inputs: readonly number[];
  readonly options?: StepOptions;
}

/** A constant, whose values are a weight of the layer. */
export interface PartConstant {
  readonly shape: readonly number[];
  readonly type: 'float' | 'integer' | 'boolean';
}

/**
 * Most values of a step and of all steps for one image, and most steps: a few bytes can declare any number.
 */
const MAX_VALUES = 2 ** 26;
const MAX_PART_VALUES = 2 ** 28;
const MAX_STEPS = 2 ** 14;

const DTYPES = { float: 'float32', integer: 'int32', boolean: 'bool' } as const;

/**
 * Output shape of a step for inputs of these shapes, for one image. Throws `Error` for an unknown operation,
 * for inputs that do not fit, and for more than 2^26 values.
 */
export function stepShape(step: PartStep, inputs: readonly (readonly number[])[]): readonly number[] {
  const kind = STEP_KINDS.get(step.operation);
  if (!kind) throw new Error(`"${String(step.operation)}" is no operation of a frozen part`);
  if (inputs.length === 0 || (kind.inputs !== undefined && inputs.length !== kind.inputs))
    throw new Error(`"${step.operation}" has ${inputs.length} inputs`);
  const shape = kind.shape(inputs, step.options ?? {});
  if (shape.some((length) => !Number.isSafeInteger(length) || length < 0) || countOf(shape) > MAX_VALUES)
    throw new Error(`"${step.operation}" gives the shape [${shape.join(', ')}]`);
  return shape;
}

/**
 * A part of a network that is computed step by step and is not pruned, for what formats can read but not
 * express as layers. It processes one image at a time, since its steps may mix values along the batch.
 */
export class FrozenPart extends layers.Layer {
  static readonly className = 'TersorFrozenPart';
  private readonly steps: readonly PartStep[];
  private readonly constants: readonly PartConstant[];
  private readonly values: LayerVariable[] = [];

  constructor(config: LayerConfig) {
    super({ ...config, trainable: false });
    const { steps, constants = [] } = config;
    if (!isSteps(steps)) throw wrong(this, 'steps', `1 to ${MAX_STEPS} operations with inputs before them`);
    if (!isConstants(constants)) throw wrong(this, 'constants', 'shapes and types');
    this.steps = steps;
    this.constants = constants;
  }

  override build(): void {
    this.constants.forEach(({ shape }, i) =>
      this.values.push(
        this.addWeight(`constant_${i}`, [...shape], 'float32', initializers.zeros(), undefined, false),
      ),
    );
    this.built = true;
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const given = isList<tf.Tensor>(inputs) ? inputs : [inputs];
    return tf.tidy(() => {
      const constants = this.constants.map(({ type }, i) => {
        const value = this.values[i]!.read();
        return type === 'float' ? value : tf.cast(value, DTYPES[type]);
      });
      const images = given[0]!.shape[0]!;
      if (images === 1) return this.run(given, constants);
      const results = Array.from({ length: images }, (_, image) =>
        tf.tidy(() =>
          this.run(
            given.map((each) =>
              tf.slice(each, [image, ...each.shape.slice(1).map(() => 0)], [1, ...each.shape.slice(1)]),
            ),
            constants,
          ),
        ),
      );
      return tf.concat(results, 0);
    });
  }

  override computeOutputShape(inputShape: Shape | Shape[]): Shape {
    const given = isList<Shape[number]>(inputShape as never)
      ? (inputShape as Shape[])
      : [inputShape as Shape];
    const sizes: (readonly number[])[] = given.map(([, ...rest]) => [1, ...rest.map((size) => size ?? NaN)]);
    sizes.push(...this.constants.map(({ shape }) => shape));
    let values = 0;
    for (const step of this.steps) {
      const from = step.inputs.flatMap((at) => {
        const shape = sizes[at];
        if (!shape) throw wrong(this, 'steps', 'operations with inputs before them');
        return [shape];
      });
      try {
        sizes.push(stepShape(step, from));
      } catch (error) {
        throw new Error(`The layer "${this.name}": ${(error as Error).message}.`);
      }
      values += countOf(sizes.at(-1)!);
      if (values > MAX_PART_VALUES) throw wrong(this, 'steps', `of at most ${MAX_PART_VALUES} values in all`);
    }
    const [batch, ...rest] = sizes.at(-1)!;
    if (batch !== 1) throw wrong(this, 'steps', 'a part that gives one result for one image');
    return [given[0]![0]!, ...rest];
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { steps, constants } = this;
    return { ...super.getConfig(), steps, constants } as unknown as tf.serialization.ConfigDict;
  }

  private run(inputs: readonly tf.Tensor[], constants: readonly tf.Tensor[]): tf.Tensor {
    const values = [...inputs, ...constants];
    for (const { operation, inputs: from, options = {} } of this.steps)
      values.push(
        STEP_KINDS.get(operation)!.run(
          from.map((at) => values[at]!),
          options,
        ),
      );
    return tf.cast(values.at(-1)!, 'float32');
  }
}

function isSteps(value: unknown): value is PartStep[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.length <= MAX_STEPS &&
    value.every(
      (each: Partial<PartStep> | undefined) =>
        typeof each === 'object' &&
        Array.isArray(each.inputs) &&
        each.inputs.every((at) => Number.isSafeInteger(at) && at >= 0),
    )
  );
}

function isConstants(value: unknown): value is PartConstant[] {
  return (
    Array.isArray(value) &&
    value.every(
      (each: Partial<PartConstant> | undefined) =>
        typeof each === 'object' &&
        Array.isArray(each.shape) &&
        each.shape.every((length) => Number.isSafeInteger(length) && length >= 0) &&
        Object.hasOwn(DTYPES, String(each.type)),
    )
  );
}
