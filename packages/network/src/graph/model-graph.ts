import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import {
  messageOf,
  TersorError,
  type GraphLayer,
  type LayerCall,
  type LayerGraph,
  type WeightTensor,
} from '@tersor/core';
import { buildModel } from '@tersor/runtime';
import { registerActivationQuantizer } from '../activations/activation-quantizer.js';
import { addChainedOperations } from '../inference/chained-operations.js';
import { factsOf } from '../layers/layer-table.js';
import { ensureKernels } from './fallback-kernels.js';
import { frozenLayers } from './frozen-layers.js';
import { storedName, wrapsModel } from './graph-weights.js';
import { topologyOf } from './model-topology.js';

// On load, because callers of `graphFromModel` have already built their layers.
addChainedOperations();

type Layer = layers.LayersModel['layers'][number];
type Symbolic = layers.SymbolicTensor;

/** Topology JSON of `LayersModel.toJSON`; nested models have their own `layers`. */
interface TopologyNode {
  class_name: string;
  name?: string;
  config: Record<string, unknown> & { name?: string; layers?: TopologyNode[] };
}

/** Most values in a layer's output for one image: 1 GiB. A file of a few bytes can declare any size. */
const MAX_VALUES = 2 ** 28;

/** The tensors of one model, or of one call of a nested model. */
interface Scope {
  /** Names of the enclosing models, outermost first. */
  readonly path: readonly string[];
  /** Call that produces each tensor visited so far. */
  readonly calls: Map<string, number>;
  /** Scopes of the calls of nested models, by layer and call. */
  readonly inner: Map<string, Scope>;
}

/**
 * Reads a LayersModel (Sequential or functional) into plain data. Nested models are inlined and their layers
 * named `outer/inner`; a number is appended if a layer or one of its weights would have the name of another.
 * The model is not changed. Throws `MODEL_UNSUPPORTED` for layers with more than one output tensor, or an
 * output of more than 2^28 values.
 */
export async function graphFromModel(model: layers.LayersModel): Promise<LayerGraph> {
  const configs = layerConfigs(model.toJSON(undefined, false) as unknown as TopologyNode, []);
  const paths = nestedPaths(model, []);
  const nameOf = uniqueNames();
  const found = new Map<string, { layer: Layer; name: string }>();
  const calls: LayerCall[] = [];

  const addCall = (tensor: Symbolic, scope: Scope, inputs: number[]): number => {
    const layer = tensor.sourceLayer as Layer;
    const here = [...scope.path, layer.name];
    // If a Sequential model begins with another model, tfjs connects it directly to that model's inner
    // tensors.
    const parts = configs.has(pathKey(here)) ? here : (paths.get(layer) ?? here);
    const path = pathKey(parts);
    const inlined = parts.join('/');
    const outputs = layer.inboundNodes[tensor.nodeIndex]!.outputTensors.length;
    if (outputs !== 1) {
      throw new TersorError(
        'MODEL_UNSUPPORTED',
        `Layer "${inlined}" has ${outputs} outputs; Tersor handles layers with one.`,
      );
    }
    const values = tensor.shape.slice(1).reduce((product: number, size) => product * (size ?? 1), 1);
    if (values > MAX_VALUES)
      throw new TersorError(
        'MODEL_UNSUPPORTED',
        `Layer "${inlined}" has an output of ${values} values per image; the limit is ${MAX_VALUES}.`,
      );
    let entry = found.get(path);
    if (!entry) found.set(path, (entry = { layer, name: nameOf(inlined, layer) }));
    return (
      calls.push({
        layer: entry.name,
        inputs,
        outputShape: sampleShape(
          tensor,
          layer,
          inputs.map((input) => calls[input]!.outputShape),
        ),
      }) - 1
    );
  };

  /** Tensors to visit before this one; if there are none, adds the tensor's call. */
  const step = (tensor: Symbolic, scope: Scope): [Symbolic, Scope][] => {
    const key = tensorKey(tensor);
    if (scope.calls.has(key)) return [];
    const layer = tensor.sourceLayer as Layer;
    // The node of an input layer names its own output as its input.
    const inputs =
      layer.getClassName() === 'InputLayer' ? [] : layer.inboundNodes[tensor.nodeIndex]!.inputTensors;
    const missing = inputs.filter((input) => !scope.calls.has(tensorKey(input)));
    if (missing.length > 0) return missing.map((input) => [input, scope]);
    const known = inputs.map((input) => scope.calls.get(tensorKey(input))!);
    if (!(layer instanceof layers.LayersModel)) {
      scope.calls.set(key, addCall(tensor, scope, known));
      return [];
    }
    const inner = innerScope(layer, tensor.nodeIndex, scope, known);
    const output = layer.outputs[tensor.tensorIndex]!;
    const call = inner.calls.get(tensorKey(output));
    if (call === undefined) return [[output, inner]];
    scope.calls.set(key, call);
    return [];
  };

  const outermost: Scope = { path: [], calls: new Map(), inner: new Map() };
  /** Depth first with an explicit stack: networks can be deeper than the call stack. */
  const visit = (tensor: Symbolic): number => {
    const stack: [Symbolic, Scope][] = [[tensor, outermost]];
    while (stack.length > 0) {
      const before = step(...stack.at(-1)!);
      if (before.length > 0) stack.push(...before.reverse());
      else stack.pop();
    }
    return outermost.calls.get(tensorKey(tensor))!;
  };

  const inputs = model.inputs.map(visit);
  const outputs = model.outputs.map(visit);
  const frozen = frozenLayers(model);
  const graphLayers: GraphLayer[] = [];
  for (const [path, { layer, name }] of found) {
    const isInput = layer.getClassName() === 'InputLayer';
    const config = isInput ? inputConfig(layer, name) : innerConfig(configs.get(path)!, name);
    const weights = await readWeights(layer);
    const className = layer.getClassName();
    const whole = factsOf({ className })?.restoredConfig?.(config, weights) ?? config;
    // tfjs treats every input layer in a file as frozen.
    const isFrozen = !isInput && frozen.has(layer);
    graphLayers.push({
      name,
      className,
      config: isFrozen ? { ...whole, trainable: false } : whole,
      weights,
    });
  }
  return { name: model.name, layers: graphLayers, calls, inputs, outputs };
}

/** Path of each layer: the names of the nested models around it, then its own. */
function nestedPaths(model: layers.LayersModel, around: readonly string[]): Map<Layer, readonly string[]> {
  const paths = new Map<Layer, readonly string[]>();
  for (const layer of model.layers) {
    const path = [...around, layer.name];
    if (layer instanceof layers.LayersModel)
      nestedPaths(layer, path).forEach((each, inner) => paths.set(inner, each));
    else paths.set(layer, path);
  }
  return paths;
}

/** The scope of one call of a nested model. All outputs of the call share it, so that its layers run once. */
function innerScope(model: layers.LayersModel, node: number, scope: Scope, inputs: readonly number[]): Scope {
  const key = `${model.name}:${node}`;
  let inner = scope.inner.get(key);
  if (!inner) {
    inner = {
      path: [...scope.path, model.name],
      calls: new Map(model.inputs.map((input, i) => [tensorKey(input), inputs[i]!])),
      inner: new Map(),
    };
    scope.inner.set(key, inner);
  }
  return inner;
}

/**
 * A function that names layers uniquely, including the names of their weights in a file.
 */
function uniqueNames(): (wanted: string, layer: Layer) => string {
  const taken = new Set<string>();
  return (wanted, layer) => {
    for (let attempt = 0; ; attempt++) {
      const name = attempt === 0 ? wanted : `${wanted}_${attempt}`;
      const stored = roles(layer).map((role) => storedName({ name, config: layer.getConfig() }, role));
      const clash = stored.find((each) => taken.has(each));
      if (clash !== undefined && !clash.startsWith(name)) {
        throw new TersorError('MODEL_UNSUPPORTED', `Two layers store a weight "${clash}".`, {
          hint: 'Rename the layer within one of the wrapped models.',
        });
      }
      if (clash !== undefined || taken.has(name)) continue;
      for (const each of [name, ...stored]) taken.add(each);
      return name;
    }
  };
}

/**
 * Shape of one sample of a tensor. A Reshape with an open length, and layers after it, only know their shape
 * for a batch of known size, so it is computed for a batch of 1.
 */
function sampleShape(
  tensor: Symbolic,
  layer: Layer,
  inputs: readonly LayerCall['outputShape'][],
): LayerCall['outputShape'] {
  const shape = tensor.shape.slice(1).map((size) => size ?? undefined);
  if (inputs.length === 0 || !shape.includes(undefined) || inputs.some((input) => input.includes(undefined)))
    return shape;
  const batches = inputs.map((input) => [1, ...(input as number[])]);
  return (layer.computeOutputShape(batches.length === 1 ? batches[0]! : batches) as (number | null)[])
    .slice(1)
    .map((size) => size ?? undefined);
}

/** Config of an input layer; a Sequential model creates one that is not among its configs. */
function inputConfig(layer: Layer, name: string): Record<string, unknown> {
  // A fixed batch size is left over from training; images are run in batches of any size here.
  const shape = [null, ...layer.batchInputShape.slice(1)];
  return { batch_input_shape: shape, dtype: layer.dtype, sparse: false, name };
}

/** Config of another layer, without its input shape, which would be wrong after channels are pruned. */
function innerConfig(config: Record<string, unknown>, name: string): Record<string, unknown> {
  const { batch_input_shape: _shape, dtype: _dtype, ...own } = config;
  return { ...own, name };
}

function tensorKey(tensor: Symbolic): string {
  return `${tensor.sourceLayer.name}:${tensor.nodeIndex}:${tensor.tensorIndex}`;
}

/** Layer configs by their path through the nested models, in the snake_case of model.json. */
function layerConfigs(node: TopologyNode, path: readonly string[]): Map<string, Record<string, unknown>> {
  const configs = new Map<string, Record<string, unknown>>();
  for (const layer of node.config.layers ?? []) {
    const own = [...path, layer.config.name ?? layer.name ?? ''];
    if (layer.config.layers) layerConfigs(layer, own).forEach((config, key) => configs.set(key, config));
    else configs.set(pathKey(own), layer.config);
  }
  return configs;
}

/** A unique key for a path. Names may contain slashes, so they are not joined by one. */
function pathKey(path: readonly string[]): string {
  return JSON.stringify(path);
}

/** Names of a layer's weights within the layer: their names in tfjs without the layer's name. */
function roles(layer: Layer): string[] {
  return layer.weights.map(({ originalName }) => {
    if (originalName.startsWith(`${layer.name}/`)) return originalName.slice(layer.name.length + 1);
    return wrapsModel(layer.getConfig())
      ? originalName
      : originalName.slice(originalName.lastIndexOf('/') + 1);
  });
}

async function readWeights(layer: Layer): Promise<WeightTensor[]> {
  const names = roles(layer);
  const weights: WeightTensor[] = [];
  for (const [i, variable] of layer.weights.entries()) {
    const name = names[i]!;
    const data = (await variable.read().data()) as Float32Array;
    const trainable = !name.slice(name.lastIndexOf('/') + 1).startsWith('moving_');
    weights.push({
      name,
      shape: [...(variable.shape as number[])],
      data: Float32Array.from(data),
      trainable,
    });
  }
  return weights;
}

/**
 * Builds the stock tfjs model of a graph and sets its weights. The caller frees it with `disposeModel`.
 * Throws `MODEL_UNSUPPORTED` if tfjs cannot build it, because configs contradict their inputs or the network
 * is too deep.
 */
export async function modelFromGraph(graph: LayerGraph): Promise<layers.LayersModel> {
  await ensureKernels();
  registerActivationQuantizer();
  const model = await buildModel(topologyOf(graph) as unknown as Record<string, unknown>, Infinity).catch(
    (cause: unknown) => {
      throw new TersorError('MODEL_UNSUPPORTED', `"${graph.name}" cannot be built: ${messageOf(cause)}`, {
        cause,
      });
    },
  );
  const byName = new Map(model.layers.map((layer) => [layer.name, layer]));
  for (const { name, weights } of graph.layers) {
    if (weights.length === 0) continue;
    const variables = byName.get(name)!.weights;
    weights.forEach(({ data, shape }, i) => {
      const tensor = tf.tensor(data, [...shape], 'float32');
      variables[i]!.write(tensor);
      tensor.dispose();
    });
  }
  return model;
}

/**
 * Frees a model and all its weights. `LayersModel.dispose` of tfjs 4.22 leaks those of a layer that is called
 * more than once.
 */
export function disposeModel(model: layers.LayersModel): void {
  const weights = model.weights.map((weight) => weight.read());
  model.dispose();
  tf.dispose(weights);
}
