import { isRecord, TersorError } from '@tersor/core';
import type { KerasWeight } from '@tersor/network';
import type { Hdf5Group } from '../file/hdf5.js';
import { kerasLayer, kerasLayers, type Json, type KerasLayer } from '../topology/keras-layer.js';
import { fileWeights, leftOver, pathKey, type FileWeights } from './weight-places.js';

/** Models within models, and groups of a file in which nothing is found. */
const MAX_DEPTH = 64;

/** The parts of a wrapped or recurrent layer that have its weights, in the order of its own list. */
const HOLDERS: Readonly<Record<string, readonly string[]>> = {
  Bidirectional: ['forward_layer', 'backward_layer'],
  TimeDistributed: ['layer'],
  LSTM: ['cell'],
  GRU: ['cell'],
  SimpleRNN: ['cell'],
  RNN: ['cell'],
  ConvLSTM2D: ['cell'],
};

/** The name of `layers` in Keras 2.13. */
const OLD_LAYERS = '_layer_checkpoint_dependencies';

/**
 * The weights of a Keras 3 `.weights.h5` by layer. The file has a group for each layer of a model, named
 * after its class with a number, and in it `vars` with numbered arrays. Throws `MODEL_INVALID` for weights
 * that belong to no layer.
 */
export function keras3Weights(root: Hdf5Group, model: Json, origin: string): FileWeights {
  const found = new Map<string, KerasWeight[]>();
  const read = new Set<string>();
  const places = new Map<string, KerasLayer>();
  const container = root.has('layers') || !root.has(OLD_LAYERS) ? 'layers' : OLD_LAYERS;
  walk(kerasLayers(model), root.group(container), [], container);
  const rest = unread(root.group(container), container, read, 0);
  const holders = [...places].filter(([place]) => rest.some((name) => name.startsWith(`${place}/`)));
  if (holders.length > 0)
    throw inParts(
      origin,
      holders.map(([, layer]) => layer),
    );
  if (rest.length > 0) throw leftOver(origin, rest);
  return fileWeights(found);

  function walk(
    layers: readonly KerasLayer[],
    group: Hdf5Group | undefined,
    around: readonly string[],
    place: string,
  ): void {
    if (around.length > MAX_DEPTH)
      throw new TersorError('MODEL_INVALID', `${origin} has models within models, over ${MAX_DEPTH} deep.`);
    const used = new Map<string, number>();
    for (const layer of layers) {
      if (layer.isOperation) continue;
      const className = snakeCase(layer.className);
      const number = used.get(className) ?? 0;
      used.set(className, number + 1);
      const name = number === 0 ? className : `${className}_${number}`;
      const path = [...around, layer.name];
      const own = group?.group(name);
      if (layer.layers) walk(layer.layers, own?.group(container), path, `${place}/${name}/${container}`);
      else if (own) {
        places.set(`${place}/${name}`, layer);
        found.set(pathKey(path), variables(layer, own, `${place}/${name}`));
      }
    }
  }

  function variables(layer: KerasLayer, group: Hdf5Group, place: string): KerasWeight[] {
    const held = (Object.hasOwn(HOLDERS, layer.className) ? HOLDERS[layer.className]! : []).flatMap(
      (name) => {
        const inner = group.group(name);
        // Keras 3 writes the forward layer as the one that is wrapped.
        const json = layer.config[name] ?? layer.config['layer'];
        const holder = isRecord(json) ? kerasLayer(json) : { ...layer, className: layer.className };
        return inner
          ? variables(name === 'cell' ? { ...holder, className: 'cell' } : holder, inner, `${place}/${name}`)
          : [];
      },
    );
    const vars = group.group('vars');
    const names = (vars?.names() ?? []).sort((a, b) => Number(a) - Number(b));
    for (const name of names) read.add(`${place}/vars/${name}`);
    return [...names.map((name) => vars!.values(name)), ...held];
  }
}

/** The error for layers with weights in layers of their own, such as attention. */
function inParts(origin: string, layers: readonly KerasLayer[]): TersorError {
  const names = layers.map(({ name, className }) => `"${name}" (${className})`).join(', ');
  return new TersorError(
    'MODEL_UNSUPPORTED',
    `${origin} has layers with weights in layers of their own, which are not read: ${names}.`,
    { hint: 'Build them of other layers in Keras.' },
  );
}

/** Arrays that belong to no layer, except the generator states of random layers, which are not weights. */
function unread(
  group: Hdf5Group | undefined,
  place: string,
  read: ReadonlySet<string>,
  depth: number,
): string[] {
  if (!group || depth > 2 * MAX_DEPTH) return [];
  return group.names().flatMap((name) => {
    if (name === 'seed_generator') return [];
    const path = `${place}/${name}`;
    const inner = group.group(name);
    if (inner) return unread(inner, path, read, depth + 1);
    return read.has(path) ? [] : [path];
  });
}

/** A class name as in Keras paths: `DepthwiseConv2D` becomes `depthwise_conv2d`. */
function snakeCase(name: string): string {
  return name
    .replace(/\W+/g, '')
    .replace(/(.)([A-Z][a-z]+)/g, '$1_$2')
    .replace(/([a-z])([A-Z])/g, '$1_$2')
    .toLowerCase();
}
