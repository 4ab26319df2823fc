import { TersorError } from '@tersor/core';
import type { KerasWeight } from '@tersor/network';
import type { Hdf5Group } from '../file/hdf5.js';
import { kerasLayers, type Json, type KerasLayer } from '../topology/keras-layer.js';
import { fileWeights, leftOver, pathKey, type FileWeights } from './weight-places.js';

/** A layer that is not a model, with its path. */
interface Leaf {
  readonly path: readonly string[];
}

/**
 * The weights of a Keras 2 `.h5` (or of one that Keras 3 wrote in that form) by layer. The file has a group
 * for each layer of the outermost model, with the names of its weights in order, including those of nested
 * models. Throws `MODEL_INVALID`.
 */
export function legacyWeights(group: Hdf5Group, model: Json, origin: string): FileWeights {
  const names = group.texts('layer_names') ?? [];
  const layers = new Map(kerasLayers(model).map((layer) => [layer.name, layer]));
  const found = new Map<string, KerasWeight[]>();
  const stray: string[] = [];
  for (const name of [...names, 'top_level_model_weights']) {
    const own = group.group(name);
    const weights = own?.texts('weight_names') ?? [];
    const layer = layers.get(name);
    const leaves = layer ? leavesOf(layer, []) : [];
    if (leaves.length === 0) stray.push(...weights);
    else
      for (const weight of weights) {
        const leaf = leafOf(weight, leaves);
        if (!leaf) stray.push(`${name}/${weight}`);
        else append(found, pathKey(leaf.path), arrayAt(own!, weight, origin));
      }
  }
  if (stray.length > 0) throw leftOver(origin, stray);
  return fileWeights(found);
}

function leavesOf(layer: KerasLayer, around: readonly string[]): Leaf[] {
  const path = [...around, layer.name];
  return layer.layers ? layer.layers.flatMap((inner) => leavesOf(inner, path)) : [{ path }];
}

/** The layer that a weight belongs to by its name: `outer/conv/kernel:0`, or `conv/kernel:0`. */
function leafOf(weight: string, leaves: readonly Leaf[]): Leaf | undefined {
  if (leaves.length === 1) return leaves[0];
  const parts = new Set(weight.split('/').slice(0, -1));
  const named = leaves.filter(({ path }) => parts.has(path.at(-1)!) || weight.includes(`${path.at(-1)}/`));
  const matches = ({ path }: Leaf) => path.filter((part) => parts.has(part)).length;
  return named.sort((a, b) => matches(b) - matches(a))[0];
}

/** An array by its name, which is a path. */
function arrayAt(group: Hdf5Group, name: string, origin: string): KerasWeight {
  const parts = name.split('/');
  let place: Hdf5Group | undefined = group;
  for (const part of parts.slice(0, -1)) place = place?.group(part);
  if (!place) throw new TersorError('MODEL_INVALID', `${origin} has no weight "${name}", which it lists.`);
  return place.values(parts.at(-1)!);
}

function append(found: Map<string, KerasWeight[]>, key: string, weight: KerasWeight): void {
  const known = found.get(key);
  if (known) known.push(weight);
  else found.set(key, [weight]);
}
