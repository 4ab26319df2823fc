import { tensor as makeTensor } from '@tensorflow/tfjs-core';
import { LayersModel } from '@tensorflow/tfjs-layers';
import { isTersorError, messageOf, TersorError, type LayerGraph } from '@tersor/core';
import { buildModel } from '@tersor/runtime';
import { withFrozenParts } from '../graph/frozen-layers.js';
import { withHostMemory } from '../graph/host-memory.js';
import { disposeModel, graphFromModel } from '../graph/model-graph.js';
import { keras2Topology } from './keras3-topology.js';

type Layer = LayersModel['layers'][number];

/** Values of one weight array, row-major. */
export interface KerasWeight {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** The file that a Keras topology comes from. */
export interface KerasSource {
  /** Name of the file in messages. */
  readonly origin: string;
  /** Most values that the topology may need in its weights: as many as the file holds. */
  readonly maxWeights: number;
  /**
   * Returns the weights of a layer, in the layer's own order. `path` names the nested models around the
   * layer, outermost first, then the layer. Called once for each layer that has weights.
   */
  weightsOf(path: readonly string[]): readonly KerasWeight[];
}

/**
 * Builds the network of a Keras 2 or Keras 3 topology whose layers stock TensorFlow.js has. Throws
 * `MODEL_INVALID` if it is not a topology or its weights do not match, `MODEL_UNSUPPORTED` for what
 * TensorFlow.js computes differently.
 */
export async function graphFromKeras(
  topology: Readonly<Record<string, unknown>>,
  source: KerasSource,
): Promise<LayerGraph> {
  const cannot = (cause: unknown): never => {
    if (isTersorError(cause)) throw cause;
    const message = `${source.origin} cannot be loaded as a Keras model: ${messageOf(cause)}`;
    throw new TersorError('MODEL_INVALID', message, { cause });
  };
  const known = await Promise.resolve(topology).then(keras2Topology).then(withFrozenParts).catch(cannot);
  return withHostMemory(async () => {
    const model = await buildModel(known, source.maxWeights).catch(cannot);
    try {
      setWeights(model, [], source);
      return await graphFromModel(model);
    } catch (cause) {
      return cannot(cause);
    } finally {
      disposeModel(model);
    }
  });
}

function setWeights(model: LayersModel, around: readonly string[], source: KerasSource): void {
  for (const layer of model.layers) {
    const path = [...around, layer.name];
    if (layer instanceof LayersModel) setWeights(layer, path, source);
    else if (layer.weights.length > 0) setLayer(layer, path, source);
  }
}

function setLayer(layer: Layer, path: readonly string[], { origin, weightsOf }: KerasSource): void {
  const found = weightsOf(path);
  const name = path.join('/');
  if (found.length !== layer.weights.length)
    throw new TersorError(
      'MODEL_INVALID',
      `${origin} holds ${found.length} weights for layer "${name}", which has ${layer.weights.length}.`,
    );
  layer.weights.forEach((variable, i) => {
    const { shape, data } = found[i]!;
    if (shape.join() !== variable.shape.join())
      throw new TersorError(
        'MODEL_INVALID',
        `${origin} holds a weight of shape ${shape.join('x')} for ${name}/${variable.originalName.split('/').at(-1)}, which has ${variable.shape.join('x')}.`,
      );
    const values = makeTensor(data, [...shape], 'float32');
    variable.write(values);
    values.dispose();
  });
}
