import { isRecord, TersorError } from '@tersor/core';
import type { KerasWeight } from '@tersor/network';
import { kerasLayers, type Json, type KerasLayer } from './keras-layer.js';
import { configOf, partName, placedLayer, type Placed, type Surroundings } from './placed-layer.js';
import { renamed, type Reference } from './tensors.js';

/** What lowering needs in addition to the topology. */
export interface ModelWeights {
  readonly origin: string;
  /** The version of Keras that wrote the topology. */
  readonly generation: 2 | 3;
  /** The weights of a layer in the file, by the names of the models around it and its own. */
  weightsOf(path: readonly string[]): readonly KerasWeight[];
}

/** A topology of layers that TensorFlow.js has, and their weights by path. */
export interface LoweredModel {
  readonly model: Json;
  weightsOf(path: readonly string[]): readonly KerasWeight[];
}

/**
 * Replaces layers that TensorFlow.js lacks with equivalent ones that it has. Throws `MODEL_UNSUPPORTED` that
 * names all layers without an equivalent.
 */
export function lowerModel(model: Json, source: ModelWeights): LoweredModel {
  const problems: string[] = [];
  const own = new Map<string, readonly KerasWeight[]>();
  const lowered = modelOf(model, []);
  if (problems.length > 0) throw unsupported(source.origin, problems);
  return { model: lowered, weightsOf: (path) => own.get(JSON.stringify(path)) ?? source.weightsOf(path) };

  function modelOf(json: Json, around: readonly string[]): Json {
    const siblings = kerasLayers(json);
    const surroundings: Surroundings = {
      generation: source.generation,
      siblings,
      weightsOf: ({ name }) => source.weightsOf([...around, name]),
    };
    const placed = siblings.map((layer) => place(layer, around, surroundings));
    const { config } = json;
    const nested = (layer: KerasLayer, own: Json) => modelOf(own, [...around, layer.name]);
    // In Keras 1, the config of a Sequential model was just its list of layers.
    if (!isRecord(config)) return { ...json, config: placed.flatMap((each) => inSequence(each, nested)) };
    if ('input_layers' in config) return functional(json, config, placed, nested);
    if (placed.some(({ parts }) => parts.some(({ inputs }) => inputs)))
      return functional(json, ...asGraph(config, placed), nested);
    return {
      ...json,
      class_name: 'Sequential',
      config: { ...config, layers: placed.flatMap((each) => inSequence(each, nested)) },
    };
  }

  function place(layer: KerasLayer, around: readonly string[], surroundings: Surroundings): Placed {
    const path = [...around, layer.name];
    const placed = isLegal(layer.name) ? placedLayer(layer, surroundings) : ILLEGAL_NAME;
    if (typeof placed === 'string') {
      problems.push(`"${path.join('/')}" (${layer.className}) ${placed}`);
      const { className, config } = layer;
      return { parts: [{ className, config }], layer, calls: [], isPlain: true };
    }
    if (placed.weights) own.set(JSON.stringify(path), placed.weights);
    return placed;
  }
}

const ILLEGAL_NAME =
  'has a name that TensorFlow.js cannot use: names are letters, digits and "-._/", a letter or digit first';

/** Whether TensorFlow.js can use the name of a layer; it keeps layers in plain objects. */
function isLegal(name: string): boolean {
  return /^[A-Za-z0-9][-\w./]*$/.test(name) && !(name in Object.prototype);
}

type Nested = (layer: KerasLayer, json: Json) => Json;

/** The layers of a Sequential model. */
function inSequence({ layer, parts }: Placed, nested: Nested): Json[] {
  if (layer.layers) return [nested(layer, layer.json)];
  return parts.map((part, i) => ({
    ...(i === 0 ? layer.json : {}),
    class_name: part.className,
    config: configOf(layer, part, partName(layer, part)),
  }));
}

function functional(json: Json, config: Json, placed: readonly Placed[], nested: Nested): Json {
  // Readers of a layer read the last of its parts, or the part that the output names.
  const names = new Map(
    placed.map(({ layer, parts, outputs = [parts.length - 1] }) => [
      layer.name,
      outputs.map((part) => partName(layer, parts[part]!)),
    ]),
  );
  return {
    ...json,
    class_name: 'Functional',
    config: {
      ...config,
      layers: placed.flatMap((each) => inGraph(each, names, nested)),
      output_layers: renamed(config['output_layers'], names),
    },
  };
}

function inGraph(
  { layer, parts, calls, isPlain }: Placed,
  names: ReadonlyMap<string, readonly string[]>,
  nested: Nested,
): Json[] {
  const { inbound_nodes: nodes, ...rest } = layer.json;
  const inbound = { inbound_nodes: renamed(nodes ?? [], names) };
  if (layer.layers) return [{ ...nested(layer, rest), name: layer.name, ...inbound }];
  const tensor = (reference: Reference) => [...(renamed(reference, names) as unknown[]), {}];
  const read = (i: number, node: number) => {
    const given = calls[node] ?? [];
    const inputs = parts[i]!.inputs ?? (i === 0 ? given.map((_, input) => ({ input })) : [i - 1]);
    return inputs.map((input) =>
      typeof input === 'number' ? [partName(layer, parts[input]!), node, 0, {}] : tensor(given[input.input]!),
    );
  };
  return parts.map((part, i) => {
    const name = partName(layer, part);
    return {
      ...rest,
      class_name: part.className,
      name,
      config: configOf(layer, part, name),
      ...(isPlain ? inbound : { inbound_nodes: calls.map((_, node) => read(i, node)) }),
    };
  });
}

/** Converts a Sequential model to a graph, in which a layer can become several that are not a chain. */
function asGraph(config: Json, placed: readonly Placed[]): [Json, Placed[]] {
  const [first] = placed;
  const isInput = first!.layer.className === 'InputLayer';
  const shape = first!.layer.config['batch_input_shape'] ?? config['build_input_shape'];
  const inputName = isInput ? first!.layer.name : `${first!.layer.name}_input`;
  const input: Placed = isInput ? first! : placedInput(inputName, shape);
  let previous: Reference = [inputName, 0, 0];
  const rest = placed.slice(isInput ? 1 : 0).map((each) => {
    const calls = [[previous]];
    const { layer } = each;
    // A nested model is read at its first call, which the reader of topologies counts from 0.
    previous = [layer.name, 0, 0];
    const json = { ...layer.json, name: layer.name, inbound_nodes: [[[...calls[0]![0]!, {}]]] };
    return { ...each, layer: { ...layer, json }, calls };
  });
  return [{ ...config, input_layers: [[inputName, 0, 0]], output_layers: [previous] }, [input, ...rest]];
}

function placedInput(name: string, shape: unknown): Placed {
  const config = { batch_input_shape: shape, dtype: 'float32', sparse: false, name };
  const json = { class_name: 'InputLayer', config, name, inbound_nodes: [] };
  const layer: KerasLayer = { className: 'InputLayer', name, config, isOperation: false, json };
  return { parts: [{ className: 'InputLayer', config }], layer, calls: [], isPlain: true };
}

function unsupported(origin: string, problems: readonly string[]): TersorError {
  const message =
    problems.length === 1
      ? `${origin}: layer ${problems[0]}.`
      : `${origin} has ${problems.length} layers that are not read:\n  ${problems.join('\n  ')}`;
  return new TersorError('MODEL_UNSUPPORTED', message, {
    hint: 'Build them in another way in Keras; your own classes have to be registered with TensorFlow.js.',
  });
}
