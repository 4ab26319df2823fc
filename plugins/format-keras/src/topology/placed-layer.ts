import { isRecord } from '@tersor/core';
import { serialization } from '@tensorflow/tfjs-core';
import type { KerasWeight } from '@tersor/network';
import { kerasLayer, type Json, type KerasLayer } from './keras-layer.js';
import { loweredLayer } from './lowered-layers.js';
import type { Context, Lowered, Part } from './part.js';
import { loweredOperation } from './operations.js';
import { callsOf, inputShapeOf, referencesIn, type Reference } from './tensors.js';

/** A converted layer, and its inputs in each of its calls. */
export interface Placed extends Lowered {
  readonly layer: KerasLayer;
  readonly calls: readonly (readonly Reference[])[];
  /** Whether only its class and config change, so that its calls stay as they are in the file. */
  readonly isPlain: boolean;
  /** Which of the parts each output is, where there are several. */
  readonly outputs?: readonly number[];
}

/** The layers around a layer, and the weights of a layer of the same model in the file. */
export interface Surroundings {
  readonly generation: 2 | 3;
  readonly siblings: readonly KerasLayer[];
  weightsOf(layer: KerasLayer): readonly KerasWeight[];
}

/** Converts a layer with its calls, or returns the reason why there are no equivalent layers. */
export function placedLayer(layer: KerasLayer, around: Surroundings): Placed | string {
  const calls = callsOf(layer);
  if (layer.layers) return { parts: [itself(layer)], layer, calls: [], isPlain: true };
  if (layer.isOperation) return placedOperation(layer);
  const context: Context = {
    generation: around.generation,
    weights: () => around.weightsOf(layer),
    inputShape: () => inputShapeOf(layer),
    outputChannels: () => channelsRead(layer, around),
  };
  const lowered =
    layer.className === 'TimeDistributed' ? timeDistributed(layer, context) : loweredLayer(layer, context);
  if (typeof lowered === 'string') return lowered;
  if (!lowered.parts.every(({ className }) => isKnown(className))) return 'is of a class that is not known';
  const inputs = calls.map(({ args, named }) => referencesIn([...args, ...Object.values(named)]));
  return { ...lowered, layer, calls: inputs, isPlain: lowered.parts.length === 1 };
}

function placedOperation(layer: KerasLayer): Placed | string {
  const found = callsOf(layer).map((call) => loweredOperation(layer, call));
  const problem = found.find((each) => typeof each === 'string');
  if (problem !== undefined) return problem;
  const lowered = found.filter((each) => typeof each !== 'string');
  const [first, ...rest] = lowered;
  if (!first) return 'is an operation that is never used';
  if (rest.some(({ parts }) => JSON.stringify(parts) !== JSON.stringify(first.parts)))
    return 'is an operation that is used with several numbers';
  const { parts, outputs } = first;
  return {
    parts,
    layer,
    calls: lowered.map(({ inputs }) => inputs),
    isPlain: false,
    ...(outputs && { outputs }),
  };
}

/** Converts a wrapper. The wrapped layer can be replaced with one other layer, but not with several. */
function timeDistributed(layer: KerasLayer, context: Context): Lowered | string {
  const { layer: within } = layer.config;
  if (!isRecord(within)) return 'wraps no layer';
  const inner = kerasLayer(within);
  if (inner.layers) return { parts: [itself(layer)] };
  const result = loweredLayer(inner, context);
  if (typeof result === 'string') return `wraps a layer that ${result}`;
  const [part] = result.parts;
  if (!part || result.parts.length > 1 || result.weights || !isKnown(part.className))
    return `wraps a layer of the class ${inner.className}`;
  const json = { ...within, class_name: part.className, config: configOf(inner, part, inner.name) };
  return { parts: [{ className: layer.className, config: { ...layer.config, layer: json } }] };
}

function itself({ className, config }: KerasLayer): Part {
  return { className, config };
}

/** Whether TensorFlow.js, or Tersor, has a class of this name. */
function isKnown(className: string): boolean {
  const { classNameMap } = serialization.SerializationMap.getMap();
  return className.startsWith('Tersor') || Object.hasOwn(classNameMap, className);
}

/** The number of input channels of an adjacent convolution or dense layer. */
function channelsRead(layer: KerasLayer, { siblings, weightsOf }: Surroundings): number | undefined {
  const next = siblings[siblings.indexOf(layer) + 1];
  const readers = siblings.filter((each) =>
    callsOf(each).some(({ args }) => referencesIn(args).some(([name]) => name === layer.name)),
  );
  const candidates = readers.length > 0 || !next || 'inbound_nodes' in next.json ? readers : [next];
  const reader = candidates.find(
    ({ className, config }) =>
      ['Conv1D', 'Conv2D', 'Dense'].includes(className) && (config['groups'] ?? 1) === 1,
  );
  return reader && weightsOf(reader)[0]?.shape.at(-2);
}

/** The name of a part of a layer: that of the layer, with the part's suffix. */
export function partName({ name }: KerasLayer, { ending }: Part): string {
  return ending === undefined ? name : `${name}/${ending}`;
}

/** Types that are treated as float32: pixels, and other precisions. */
const AS_FLOAT = ['uint8', 'int8', 'uint16', 'float16', 'bfloat16', 'float64'];

/** The config of a part of a layer. */
export function configOf({ config }: KerasLayer, part: Part, name: string): Json {
  const { trainable } = config;
  const { dtype } = part.config;
  const isFloat = isRecord(dtype) || (typeof dtype === 'string' && AS_FLOAT.includes(dtype));
  return {
    ...(trainable !== undefined && { trainable }),
    ...part.config,
    name,
    ...(isFloat && { dtype: 'float32' }),
  };
}
