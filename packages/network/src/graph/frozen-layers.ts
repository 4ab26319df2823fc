import * as layers from '@tensorflow/tfjs-layers';
import { isRecord, type GraphLayer, type LayerGraph } from '@tersor/core';

type Layer = layers.LayersModel['layers'][number];

/** Whether training leaves a layer unchanged, including its moving statistics. */
export function isFrozen({ config }: Pick<GraphLayer, 'config'>): boolean {
  return config['trainable'] === false;
}

/**
 * The same network with no layer frozen, for gradients that measure how much a weight matters.
 */
export function withoutFrozen(graph: LayerGraph): LayerGraph {
  const thawed = (layer: GraphLayer) =>
    isFrozen(layer) ? { ...layer, config: { ...layer.config, trainable: true } } : layer;
  return { ...graph, layers: graph.layers.map(thawed) };
}

/**
 * The frozen layers of a model that have weights: layers with `trainable: false`, all layers within a nested
 * model that has it, and layers whose individual weights are frozen, as tfjs does within a frozen model.
 */
export function frozenLayers(model: layers.LayersModel, isOuterFrozen = false): Set<Layer> {
  const frozen = new Set<Layer>();
  for (const layer of model.layers) {
    const isModel = layer instanceof layers.LayersModel;
    const hasLearned =
      !isModel && layer.weights.some(({ originalName }) => !originalName.includes('moving_'));
    const isFrozenHere =
      isOuterFrozen || !layer.trainable || (hasLearned && layer.trainableWeights.length === 0);
    if (isModel) frozenLayers(layer, isFrozenHere).forEach((inner) => frozen.add(inner));
    // Input layers of tfjs are never trainable; that does not mean that the model is frozen.
    else if (isFrozenHere && layer.weights.length > 0) frozen.add(layer);
  }
  return frozen;
}

/** A part of a topology: a layer or a model. */
interface TopologyNode {
  readonly class_name?: unknown;
  readonly config?: unknown;
}

/**
 * A topology (of a model.json, or of a layer in it) in which each layer within a frozen model or wrapper is
 * itself marked as frozen: tfjs ignores the flag of a nested model when it reads one.
 */
export function withFrozenParts<T>(topology: T, isOuterFrozen = false): T {
  if (!isRecord(topology)) return topology;
  if (isRecord(topology['model_config']))
    return { ...topology, model_config: withFrozenParts(topology['model_config']) };
  const { config } = topology as TopologyNode;
  const inner = (part: unknown) =>
    Array.isArray(part)
      ? part.map((each: unknown) => withFrozenParts(each, isFrozenHere))
      : withFrozenParts(part, isFrozenHere);
  const isFrozenHere = isOuterFrozen || (isRecord(config) && config['trainable'] === false);
  if (Array.isArray(config)) return { ...topology, config: inner(config) };
  if (!isRecord(config)) return topology;
  const parts = ['layers', 'layer', 'forward_layer', 'backward_layer']
    .filter((part) => part in config)
    .map((part) => [part, inner(config[part])]);
  return {
    ...topology,
    config: { ...config, ...(isFrozenHere && { trainable: false }), ...Object.fromEntries(parts) },
  };
}
