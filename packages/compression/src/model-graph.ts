import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { TersorError, type GraphLayer, type LayerCall, type LayerGraph, type WeightTensor } from '@tersor/core';
import './activations/activation-quantizer.js';
import { frozenLayers } from './frozen-layers.js';
import { topologyOf } from './model-topology.js';

type Layer = layers.LayersModel['layers'][number];
type Symbolic = layers.SymbolicTensor;

/** Topology JSON as `LayersModel.toJSON` gives it: nested models hold layers of their own. */
interface TopologyNode {
  class_name: string;
  name?: string;
  config: Record<string, unknown> & { name?: string; layers?: TopologyNode[] };
}

/**
 * Reads a LayersModel (Sequential or functional) into plain data. Nested models are inlined, their layers named `outer/inner`.
 * The model is left as it is. Throws `MODEL_UNSUPPORTED` for layers with more than one output tensor.
 */
export async function graphFromModel(model: layers.LayersModel): Promise<LayerGraph> {
  const configs = layerConfigs(model.toJSON(undefined, false) as unknown as TopologyNode, '');
  const found = new Map<string, Layer>();
  const calls: LayerCall[] = [];

  /** Adds the calls that lead to `tensor`; `known` maps tensors already visited (and the inputs of a nested model) to calls. */
  const visit = (tensor: Symbolic, prefix: string, known: Map<string, number>): number => {
    const key = tensorKey(tensor);
    const seen = known.get(key);
    if (seen !== undefined) return seen;
    const layer = tensor.sourceLayer as Layer;
    const node = layer.inboundNodes[tensor.nodeIndex]!;
    // The node of an input layer names its own output as its input.
    const inputs = layer.getClassName() === 'InputLayer' ? [] : node.inputTensors.map((input) => visit(input, prefix, known));
    const name = prefix + layer.name;
    let index: number;
    if (layer instanceof layers.LayersModel) {
      const inner = new Map(layer.inputs.map((input, i) => [tensorKey(input), inputs[i]!]));
      index = visit(layer.outputs[tensor.tensorIndex]!, `${name}/`, inner);
    } else {
      if (node.outputTensors.length !== 1) {
        throw new TersorError('MODEL_UNSUPPORTED', `Layer "${name}" has ${node.outputTensors.length} outputs; Tersor handles layers with one.`);
      }
      found.set(name, layer);
      index = calls.push({ layer: name, inputs, outputShape: tensor.shape.slice(1).map((size) => size ?? undefined) }) - 1;
    }
    known.set(key, index);
    return index;
  };

  const known = new Map<string, number>();
  const inputs = model.inputs.map((input) => visit(input, '', known));
  const outputs = model.outputs.map((output) => visit(output, '', known));
  const frozen = frozenLayers(model);
  const graphLayers: GraphLayer[] = [];
  for (const [name, layer] of found) {
    const config = layer.getClassName() === 'InputLayer' ? inputConfig(layer, name) : innerConfig(configs.get(name)!, name);
    const weights = await readWeights(layer);
    const whole = withDepthMultiplier(layer.getClassName(), config, weights);
    graphLayers.push({ name, className: layer.getClassName(), config: frozen.has(name) ? { ...whole, trainable: false } : whole, weights });
  }
  return { name: model.name, layers: graphLayers, calls, inputs, outputs };
}

/** `getConfig` of tfjs 4.22 leaves out the depth multiplier of a separable convolution, which then cannot be built again. */
function withDepthMultiplier(className: string, config: Record<string, unknown>, weights: readonly WeightTensor[]): Record<string, unknown> {
  const multiplier = weights.find(({ name }) => name === 'depthwise_kernel')?.shape[3];
  return className === 'SeparableConv2D' && multiplier !== undefined ? { ...config, depth_multiplier: multiplier } : config;
}

/** A Sequential model makes its input layer itself and does not list it among its configs. */
function inputConfig(layer: Layer, name: string): Record<string, unknown> {
  return { batch_input_shape: layer.batchInputShape, dtype: layer.dtype, sparse: false, name };
}

/** Only inputs state an input shape: that of a layer behind pruned channels would be out of date. */
function innerConfig(config: Record<string, unknown>, name: string): Record<string, unknown> {
  const { batch_input_shape: _shape, dtype: _dtype, ...own } = config;
  return { ...own, name };
}

function tensorKey(tensor: Symbolic): string {
  return `${tensor.sourceLayer.name}:${tensor.nodeIndex}:${tensor.tensorIndex}`;
}

/** Layer configs by inlined name, in the snake_case of model.json. */
function layerConfigs(node: TopologyNode, prefix: string): Map<string, Record<string, unknown>> {
  const configs = new Map<string, Record<string, unknown>>();
  for (const layer of node.config.layers ?? []) {
    const name = `${prefix}${layer.config.name ?? layer.name ?? ''}`;
    if (layer.config.layers) layerConfigs(layer, `${name}/`).forEach((config, inner) => configs.set(inner, config));
    else configs.set(name, layer.config);
  }
  return configs;
}

async function readWeights(layer: Layer): Promise<WeightTensor[]> {
  const weights: WeightTensor[] = [];
  for (const variable of layer.weights) {
    const name = variable.originalName.slice(variable.originalName.lastIndexOf('/') + 1);
    const data = (await variable.read().data()) as Float32Array;
    weights.push({ name, shape: [...(variable.shape as number[])], data: Float32Array.from(data), trainable: !name.startsWith('moving_') });
  }
  return weights;
}

/** Builds the stock tfjs model of a graph, weights set. The caller frees it with `disposeModel`. */
export async function modelFromGraph(graph: LayerGraph): Promise<layers.LayersModel> {
  const model = await layers.models.modelFromJSON({ modelTopology: topologyOf(graph) } as never);
  for (const layer of graph.layers) {
    if (layer.weights.length === 0) continue;
    const tensors = layer.weights.map((weight) => tf.tensor(weight.data, [...weight.shape], 'float32'));
    model.getLayer(layer.name).setWeights(tensors);
    tf.dispose(tensors);
  }
  return model;
}

/** Frees a model with all of its weights. `LayersModel.dispose` of tfjs 4.22 keeps those of a layer that is called more than once. */
export function disposeModel(model: layers.LayersModel): void {
  const weights = model.weights.map((weight) => weight.read());
  model.dispose();
  tf.dispose(weights);
}
