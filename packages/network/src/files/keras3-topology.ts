import { isRecord, TersorError } from '@tersor/core';

type Json = Record<string, unknown>;

/** Class names of Keras 3 that are different in tfjs. */
const CLASS_NAMES: Readonly<Record<string, string>> = {
  OrthogonalInitializer: 'Orthogonal',
  IdentityInitializer: 'Identity',
  L1: 'L1L2',
  L2: 'L1L2',
};

/** Activations with another name in tfjs. */
const ACTIVATIONS: Readonly<Record<string, string>> = { silu: 'swish' };

/** Options that tfjs ignores, each with a test for the values that it computes correctly. */
const IGNORED_OPTIONS: Readonly<Record<string, (value: unknown) => boolean>> = {
  groups: (value) => value === 1,
  keepdims: (value) => value === false,
  return_state: (value) => value === false,
  lora_rank: (value) => value === null,
  quantization_config: (value) => value === null,
};

/**
 * Converts a Keras 3 topology (`batch_shape`, dtype policies, modules and registered names, calls as tensors
 * with a history) to the form of Keras 2, which tfjs reads. Others are returned unchanged. Throws
 * `MODEL_UNSUPPORTED` if tfjs would compute something else.
 */
export function keras2Topology(topology: Json): Json {
  if (isRecord(topology['model_config']))
    return isKeras3(topology) ? { ...topology, model_config: model(topology['model_config']) } : topology;
  return isKeras3(topology) ? model(topology) : topology;
}

function isKeras3(topology: Json): boolean {
  const version = topology['keras_version'];
  if (typeof version === 'string' && /^\d+\./.test(version)) return Number(version.split('.')[0]) >= 3;
  return typeof topology['module'] === 'string' && 'registered_name' in topology;
}

/** Converts a model or a layer: an object with a `class_name` and a `config`. */
function model(value: Json): Json {
  const className = String(value['class_name']);
  const { name, inbound_nodes: calls, config, build_config: build } = value;
  const converted = isRecord(config) ? layerConfig(className, config, isRecord(build) ? build : {}) : config;
  return {
    class_name: className,
    config: converted,
    ...(name !== undefined && { name }),
    ...(Array.isArray(calls) && { inbound_nodes: calls.map((call) => inboundNode(call, String(name))) }),
  };
}

function layerConfig(className: string, config: Json, build: Json): Json {
  for (const [option, isRight] of Object.entries(IGNORED_OPTIONS)) {
    // Our own classes implement these options.
    if (option in config && !isRight(config[option]) && !className.startsWith('Tersor'))
      throw unsupported(config['name'], `${option}: ${JSON.stringify(config[option])}`);
  }
  const entries = Object.entries(config).map(([key, value]) => [
    key,
    key === 'layers' ? value : plain(value, key, config['name']),
  ]);
  const result = Object.fromEntries(entries) as Json;
  if ('batch_shape' in result) {
    result['batch_input_shape'] = result['batch_shape'];
    delete result['batch_shape'];
  }
  if (className === 'LeakyReLU' && 'negative_slope' in result) result['alpha'] = result['negative_slope'];
  if (Array.isArray(result['axis']) && result['axis'].length === 1 && className === 'BatchNormalization')
    [result['axis']] = result['axis'] as unknown[];
  if (Array.isArray(config['layers'])) return modelConfig(className, result, config['layers'], build);
  return result;
}

function modelConfig(className: string, config: Json, layers: readonly unknown[], build: Json): Json {
  const inner = layers.map((layer) => (isRecord(layer) ? model(layer) : layer));
  if (className === 'Sequential')
    return { ...config, layers: withInputShape(inner, config['build_input_shape'] ?? build['input_shape']) };
  // In tfjs, a nested model has one extra node before those of its calls. Keras 3 counts it for some models
  // of some versions, but not for others. Every call has a reader, so a reference to node 0 shows that it
  // does not.
  const called = inner.flatMap((layer) => (isRecord(layer) ? references(layer['inbound_nodes']) : []));
  const all = [...called, ...references(config['input_layers']), ...references(config['output_layers'])];
  const first = new Set(all.flatMap((reference) => (reference[1] === 0 ? [reference[0]] : [])));
  const shiftedModels = new Set(
    inner
      .filter(
        (layer) => isRecord(layer) && isRecord(layer['config']) && Array.isArray(layer['config']['layers']),
      )
      .map((layer) => (layer as Json)['name'])
      .filter((name) => first.has(name)),
  );
  const shifted = (reference: unknown): unknown =>
    Array.isArray(reference) && shiftedModels.has(reference[0])
      ? [reference[0], (reference[1] as number) + 1, ...(reference.slice(2) as unknown[])]
      : reference;
  const ends = (value: unknown) => references(value).map(shifted);
  return {
    ...config,
    layers: inner.map((layer) =>
      isRecord(layer) && Array.isArray(layer['inbound_nodes'])
        ? {
            ...layer,
            inbound_nodes: (layer['inbound_nodes'] as unknown[]).map((call) =>
              Array.isArray(call) ? call.map(shifted) : call,
            ),
          }
        : layer,
    ),
    input_layers: ends(config['input_layers']),
    output_layers: ends(config['output_layers']),
  };
}

/**
 * Adds the input's shape to the first layer: a Sequential model without an input layer stores it elsewhere.
 */
function withInputShape(layers: readonly unknown[], shape: unknown): unknown[] {
  const [first, ...rest] = layers;
  if (!Array.isArray(shape) || !isRecord(first) || !isRecord(first['config'])) return [...layers];
  if (first['class_name'] === 'InputLayer' || 'batch_input_shape' in first['config']) return [...layers];
  return [{ ...first, config: { ...first['config'], batch_input_shape: shape } }, ...rest];
}

/** A list of the references `[layer, node, tensor]` in a value: one, several, or several by name. */
function references(value: unknown): unknown[][] {
  if (Array.isArray(value) && typeof value[0] === 'string') return [value];
  if (Array.isArray(value)) return value.flatMap(references);
  return isRecord(value) ? Object.values(value).flatMap(references) : [];
}

/** Converts a call to a list of its input tensors, in the form `[layer, node, tensor, arguments]`. */
function inboundNode(call: unknown, layer: string): unknown {
  if (!isRecord(call)) return call;
  const tensors = histories(call['args']);
  const {
    mask: _mask,
    training: _training,
    ...others
  } = isRecord(call['kwargs']) ? call['kwargs'] : ({} as Json);
  for (const [name, value] of Object.entries(others)) {
    if (value !== null && value !== undefined && histories(value).length > 0)
      throw unsupported(layer, `the argument ${name} in its call`);
  }
  return tensors.map((history) => [...history, {}]);
}

/** The origins of all tensors in the arguments of a call. */
function histories(value: unknown): unknown[][] {
  if (Array.isArray(value)) return value.flatMap(histories);
  if (!isRecord(value)) return [];
  if (value['class_name'] !== '__keras_tensor__') return Object.values(value).flatMap(histories);
  const { keras_history: history } = value['config'] as { keras_history?: unknown };
  return Array.isArray(history) ? [history] : [];
}

/** Unwraps a config value from the objects that Keras 3 puts around it. */
function plain(value: unknown, key: string, layer: unknown): unknown {
  if (Array.isArray(value)) return value.map((each) => plain(each, key, layer));
  if (typeof value === 'string' && /activation$/.test(key)) return activation(value, layer);
  if (!isRecord(value)) return value;
  const className = value['class_name'];
  if (typeof className !== 'string')
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [name, plain(inner, name, layer)]),
    );
  // Mixed precision keeps its weights in float32, and tfjs computes in it.
  if (key === 'dtype') return 'float32';
  if (className === 'function') return activation(String(value['config']), layer);
  // Wrapped layers and cells are layers too.
  if (key === 'layer' || key === 'cell' || key === 'cells' || key.endsWith('_layer')) return model(value);
  const config = isRecord(value['config']) ? (plain(value['config'], key, layer) as Json) : {};
  const whole = className === 'L1' || className === 'L2' ? { l1: 0, l2: 0, ...config } : config;
  return { class_name: CLASS_NAMES[className] ?? className, config: whole };
}

function activation(name: string, layer: unknown): string {
  const own = name.slice(name.lastIndexOf('.') + 1);
  if (own === 'hard_sigmoid')
    throw unsupported(
      layer,
      'the activation hard_sigmoid, which is relu6(x + 3) / 6 in Keras 3 and 0.2 x + 0.5 in tfjs',
    );
  return ACTIVATIONS[own] ?? own;
}

function unsupported(layer: unknown, what: string): TersorError {
  return new TersorError(
    'MODEL_UNSUPPORTED',
    `Layer "${String(layer)}" has ${what}, which TensorFlow.js does not support.`,
    {
      hint: 'Build the layer in another way in Keras, or save the model with Keras 2 (TF_USE_LEGACY_KERAS=1) if that is what it was trained with.',
    },
  );
}
