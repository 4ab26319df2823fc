import { engine, scalar, type DataType, type Tensor } from '@tensorflow/tfjs-core';
import { initializers, layers, models, type LayersModel } from '@tensorflow/tfjs-layers';
import { corrupt } from '../artifact/artifact-error.js';
import { registerLayers } from '../layers/register-layers.js';
import { checkTopology } from './check-topology.js';

type Variable = LayersModel['weights'][number];
type AddWeight = (
  this: unknown,
  name: string,
  shape: number[],
  dtype: string,
  initializer: unknown,
  ...rest: unknown[]
) => Variable;

/** A model's weights before they are set: zero, or unset, which must not be read. */
type FirstWeights = 'zero' | 'unset';

interface Building {
  readonly first?: FirstWeights;
  /** Yields the thread before tfjs builds the model without a break. */
  pause?(): Promise<void>;
}

/**
 * Builds the model of a Keras topology with at most `maxWeights` weights. They are zero, or take no memory
 * yet (`unset`) if the caller sets all of them. Throws `ARTIFACT_CORRUPT` before tfjs could hang or overflow
 * the stack (see `checkTopology`), and before memory is allocated beyond the limit; it then leaves no tensors
 * behind.
 */
export async function buildModel(
  topology: Record<string, unknown>,
  maxWeights: number,
  { first = 'zero', pause }: Building = {},
): Promise<LayersModel> {
  checkTopology(topology);
  registerLayers();
  await pause?.();
  const made: Variable[] = [];
  try {
    const model = await withWeightLimit({ maxWeights, made, first }, () =>
      models.modelFromJSON({ modelTopology: topology as never }),
    );
    // tfjs also builds layers that lead to no output, but the model does not contain them.
    const own = new Set<Variable>(model.weights);
    for (const variable of made) if (!own.has(variable)) variable.dispose();
    return model;
  } catch (cause) {
    for (const variable of made) variable.dispose();
    throw notAModel(cause);
  }
}

interface Watched {
  readonly maxWeights: number;
  /** Collects all variables. */
  readonly made: Variable[];
  readonly first: FirstWeights;
}

/**
 * Runs `build` with a limit on weights. Every tfjs layer allocates its weights in `Layer.addWeight`, which is
 * replaced meanwhile; tfjs builds a model synchronously, so no other model is affected. Costly initializers
 * (orthogonal) are not run, and memory is not filled with zeros that the file's weights replace, which took
 * four fifths of the time.
 */
function withWeightLimit<T>({ maxWeights, made, first }: Watched, build: () => T): T {
  const prototype = layers.Layer.prototype as unknown as { addWeight: AddWeight };
  const { addWeight } = prototype;
  const value = scalar(0);
  const initializer = first === 'zero' ? initializers.zeros() : { apply: unsetLike(value) };
  let total = 0;
  prototype.addWeight = function (name, shape, dtype, _initializer, ...rest) {
    total += shape.reduce((product, size) => product * size, 1);
    if (!(total <= maxWeights))
      throw corrupt(
        `The topology has more weights than the ${maxWeights} that the file holds, at ${name} of shape ${shape.join('x')}.`,
      );
    const variable = addWeight.call(this, name, shape, dtype, initializer, ...rest);
    made.push(variable);
    return variable;
  };
  try {
    return build();
  } finally {
    prototype.addWeight = addWeight;
    value.dispose();
  }
}

/** A function that creates tensors of any shape that share the memory of one value. */
function unsetLike({ dataId }: Tensor): (shape: number[], dtype: DataType) => Tensor {
  return (shape, dtype) => {
    const tensor = engine().makeTensorFromTensorInfo({ dataId, shape, dtype });
    engine().backend.incRef(dataId);
    return tensor;
  };
}

/**
 * Sets all weights of a model by their names in a tfjs manifest. Throws `ARTIFACT_CORRUPT` if a weight is
 * missing, left over, or has another shape. The caller still owns `tensors`.
 */
export function setWeights(model: LayersModel, tensors: ReadonlyMap<string, Tensor>): void {
  const setter = weightSetter(model);
  for (const [name, tensor] of tensors) setter.set(name, tensor);
  setter.end();
}

/** Sets weights one at a time like `setWeights`; `end` throws if some are missing. */
export function weightSetter(model: LayersModel): { set(name: string, tensor: Tensor): void; end(): void } {
  const open = new Map<string, Variable>();
  for (const variable of model.weights as Variable[]) {
    if (open.has(variable.originalName)) throw corrupt(`Two weights are called "${variable.originalName}".`);
    open.set(variable.originalName, variable);
  }
  return {
    set: (name, tensor) => {
      const target = open.has(name) ? name : withoutCell(name);
      const variable = open.get(target);
      if (!variable) throw corrupt(`The topology has no weight "${name}".`);
      if (variable.shape.join() !== tensor.shape.join())
        throw corrupt(
          `The weight "${name}" has shape ${tensor.shape.join('x')}; the topology has ${variable.shape.join('x')}.`,
        );
      variable.write(tensor);
      open.delete(target);
    },
    end: () => {
      const [missing] = open.keys();
      if (missing !== undefined)
        throw corrupt(`${open.size} weights are missing, the first of them "${missing}".`);
    },
  };
}

/** TensorFlow 2.2 writes `layer/cell/weight` for recurrent layers, which tfjs calls `layer/weight`. */
function withoutCell(name: string): string {
  const parts = name.split('/');
  return [...parts.slice(0, -2), parts.at(-1)].join('/');
}

function notAModel(cause: unknown): Error {
  if (cause instanceof Error && cause.name === 'ArtifactError') return cause;
  return corrupt(
    `The topology is not one that tfjs can build: ${cause instanceof Error ? cause.message : String(cause)}`,
    cause,
  );
}
