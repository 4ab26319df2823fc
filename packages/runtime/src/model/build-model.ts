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

/** What a model's weights are until they are set: zero, or nothing that may be read. */
type FirstWeights = 'zero' | 'unset';

interface Building {
  readonly first?: FirstWeights;
  /** Lets go of the thread before tfjs builds, in one go. */
  pause?(): Promise<void>;
}

/**
 * Builds the model of a Keras topology, of which it may have `maxWeights` weights. They are zero, or take no
 * memory yet (`unset`) where the caller sets every one. Throws `ARTIFACT_CORRUPT`: before tfjs can wait for
 * ever or run out of stack (see `checkTopology`), and before memory is taken for a weight beyond the limit.
 * Leaves no tensor behind then.
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
    // Layers that lead to no output are built too, but the model does not know of them.
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
  /** Gathers all variables. */
  readonly made: Variable[];
  readonly first: FirstWeights;
}

/**
 * Every layer of tfjs takes its weights' memory in `Layer.addWeight`, which is therefore watched while
 * `build` starts: tfjs builds the whole model before it lets go of the thread, so that no other model
 * comes in between. Initializers that are costly (orthogonal) are not run; to fill memory with zeros, which
 * the weights of the file replace, was four fifths of building a model.
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

/** Makes tensors of any shape that share the memory of one value, which goes with the last of them. */
function unsetLike({ dataId }: Tensor): (shape: number[], dtype: DataType) => Tensor {
  return (shape, dtype) => {
    const tensor = engine().makeTensorFromTensorInfo({ dataId, shape, dtype });
    engine().backend.incRef(dataId);
    return tensor;
  };
}

/**
 * Sets all weights of a model by their names in a tfjs manifest. Throws `ARTIFACT_CORRUPT` where a weight
 * is missing, is left over or has another shape. `tensors` stay the caller's.
 */
export function setWeights(model: LayersModel, tensors: ReadonlyMap<string, Tensor>): void {
  const setter = weightSetter(model);
  for (const [name, tensor] of tensors) setter.set(name, tensor);
  setter.end();
}

/** Sets them one at a time, as `setWeights` does; `end` throws where some are missing. */
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
