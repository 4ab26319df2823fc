import { serialization } from '@tensorflow/tfjs-core';
import { TersorError } from '@tersor/core';
import type { KerasWeight } from '@tersor/network';
import { isRecord, kerasLayer, kerasLayers, type Json, type KerasLayer } from './keras-layer.js';
import { loweredLayer, type Lowered, type Part } from './lowered-layers.js';
import { loweredOperation } from './operations.js';
import { callsOf, referencesIn, renamed, type Reference } from './tensors.js';

/** Types of inputs and layers that a network of float32 takes as they are: pixels, and half precision. */
const AS_FLOAT = ['uint8', 'int8', 'uint16', 'float16', 'bfloat16', 'float64'];

/** What lowering needs besides the topology. */
export interface ModelWeights {
  readonly origin: string;
  /** The version of Keras that wrote the topology. */
  readonly generation: 2 | 3;
  /** The weights of a layer in the file, by the names of the models around it and its own. */
  weightsOf(path: readonly string[]): readonly KerasWeight[];
}

/** A topology whose layers TensorFlow.js has, and the weights that they take, by path. */
export interface LoweredModel {
  readonly model: Json;
  weightsOf(path: readonly string[]): readonly KerasWeight[];
}

/** A layer as it becomes, and what it is given in each of its calls. */
interface Placed extends Lowered {
  readonly layer: KerasLayer;
  readonly calls: readonly (readonly Reference[])[];
  /** Nothing but its class and config changes. */
  readonly isPlain: boolean;
}

/**
 * Puts layers that TensorFlow.js has in the place of those that it has not, where they compute the same.
 * Throws `MODEL_UNSUPPORTED` that names all layers for which there are none.
 */
export function lowerModel(model: Json, source: ModelWeights): LoweredModel {
  const problems: string[] = [];
  const own = new Map<string, readonly KerasWeight[]>();
  const lowered = modelOf(model, []);
  if (problems.length > 0) throw unsupported(source.origin, problems);
  return { model: lowered, weightsOf: (path) => own.get(JSON.stringify(path)) ?? source.weightsOf(path) };

  function modelOf(json: Json, around: readonly string[]): Json {
    const { config } = json;
    const placed = kerasLayers(json).map((layer) => place(layer, around));
    if (!isRecord(config)) return { ...json, config: placed.flatMap((each) => inSequence(each, around)) };
    const isFunctional = 'input_layers' in config;
    const names = new Map(placed.map(({ layer, parts }) => [layer.name, partName(layer, parts.at(-1)!)]));
    return {
      ...json,
      class_name: isFunctional ? 'Functional' : 'Sequential',
      config: {
        ...config,
        layers: placed.flatMap((each) =>
          isFunctional ? inGraph(each, around, names) : inSequence(each, around),
        ),
        ...(isFunctional && { output_layers: renamed(config['output_layers'], names) }),
      },
    };
  }

  function place(layer: KerasLayer, around: readonly string[]): Placed {
    const calls = callsOf(layer);
    const refuse = (what: string) => {
      problems.push(`"${[...around, layer.name].join('/')}" (${layer.className}) ${what}`);
      return { parts: [{ className: layer.className, config: {} }], layer, calls: [], isPlain: true };
    };
    if (layer.layers) return { parts: [whole(layer)], layer, calls: [], isPlain: true };
    if (layer.isOperation) {
      const found = calls.map((call) => loweredOperation(layer, call));
      const [first] = found;
      if (first === undefined) return refuse('is an operation that is never used');
      if (typeof first === 'string') return refuse(first);
      const inputs = found.map((each) => (typeof each === 'string' ? [] : each.inputs));
      const isSame = found.every(
        (each) => typeof each !== 'string' && JSON.stringify(each.parts) === JSON.stringify(first.parts),
      );
      return isSame
        ? { parts: first.parts, layer, calls: inputs, isPlain: false }
        : refuse('is an operation that is used with several numbers');
    }
    const path = [...around, layer.name];
    const inner = wrapped(layer);
    const result = inner ?? loweredLayer(layer, () => source.weightsOf(path), source.generation);
    if (typeof result === 'string') return refuse(result);
    const unknown = result.parts.find(({ className }) => !isKnown(className));
    if (unknown) return refuse('is no layer that TensorFlow.js has');
    if (result.weights) own.set(JSON.stringify(path), result.weights);
    const inputs = calls.map(({ args, named }) => referencesIn([...args, ...Object.values(named)]));
    return { ...result, layer, calls: inputs, isPlain: result.parts.length === 1 };
  }

  /** The layer within a `TimeDistributed`, where one layer takes its place. */
  function wrapped(layer: KerasLayer): Lowered | string | undefined {
    const { layer: within } = layer.config;
    if (layer.className !== 'TimeDistributed' || !isRecord(within)) return undefined;
    const inner = kerasLayer(within);
    if (inner.layers) return { parts: [whole(layer)] };
    const result = loweredLayer(inner, () => [], source.generation);
    if (typeof result === 'string') return `wraps a layer that ${result}`;
    const [part] = result.parts;
    if (result.parts.length > 1 || result.weights || !isKnown(part!.className))
      return `wraps a ${inner.className} that TensorFlow.js has not`;
    const json = { ...within, class_name: part!.className, config: configOf(inner, part!, inner.name) };
    return { parts: [{ className: layer.className, config: { ...layer.config, layer: json } }] };
  }

  function inSequence({ layer, parts }: Placed, around: readonly string[]): Json[] {
    if (layer.layers) return [modelOf(layer.json, [...around, layer.name])];
    if (parts.some(({ inputs }) => inputs))
      problems.push(
        `"${layer.name}" (${layer.className}) becomes several layers, which a Sequential model cannot hold`,
      );
    return parts.map((part, i) => ({
      ...(i === 0 ? layer.json : { module: 'keras.layers', registered_name: null }),
      class_name: part.className,
      config: configOf(layer, part, partName(layer, part)),
    }));
  }

  function inGraph(
    { layer, parts, calls, isPlain }: Placed,
    around: readonly string[],
    names: ReadonlyMap<string, string>,
  ): Json[] {
    const { inbound_nodes: nodes, ...rest } = layer.json;
    const inbound = nodes !== undefined && { inbound_nodes: renamed(nodes, names) };
    if (layer.layers) return [{ ...modelOf(rest, [...around, layer.name]), ...inbound }];
    const tensor = (reference: Reference) => [...(renamed(reference, names) as unknown[]), {}];
    return parts.map((part, i) => {
      const name = partName(layer, part);
      const read = (node: number) => {
        const previous = i === 0 ? undefined : [i - 1];
        const given = calls[node] ?? [];
        const inputs = part.inputs ?? previous ?? given.map((_, input) => ({ input }));
        return inputs.map((input) =>
          typeof input === 'number'
            ? [partName(layer, parts[input]!), node, 0, {}]
            : tensor(given[input.input]!),
        );
      };
      return {
        ...rest,
        class_name: part.className,
        name,
        config: configOf(layer, part, name),
        ...(isPlain ? inbound : { inbound_nodes: calls.map((_, node) => read(node)) }),
      };
    });
  }
}

function whole({ className, config }: KerasLayer): Part {
  return { className, config };
}

function partName({ name }: KerasLayer, { ending }: Part): string {
  return ending === undefined ? name : `${name}/${ending}`;
}

function configOf({ config }: KerasLayer, part: Part, name: string): Json {
  const { trainable } = config;
  const dtype = part.config['dtype'];
  const isFloat = isRecord(dtype) || (typeof dtype === 'string' && AS_FLOAT.includes(dtype));
  return {
    ...(trainable !== undefined && { trainable }),
    ...part.config,
    name,
    ...(isFloat && { dtype: 'float32' }),
  };
}

/** Whether TensorFlow.js, or Tersor, has a class of this name. */
function isKnown(className: string): boolean {
  return Object.hasOwn(serialization.SerializationMap.getMap().classNameMap, className);
}

function unsupported(origin: string, problems: readonly string[]): TersorError {
  const [first] = problems;
  const message =
    problems.length === 1
      ? `${origin}: layer ${first}.`
      : `${origin} has ${problems.length} layers that are not read:\n  ${problems.join('\n  ')}`;
  return new TersorError('MODEL_UNSUPPORTED', message, {
    hint: 'Build these layers in another way in Keras. Custom layers have to be known to TensorFlow.js, too.',
  });
}
