import { isRecord } from '@tersor/core';
import type { Json, KerasLayer } from './keras-layer.js';

/** Origin of a tensor: the layer, the index of its call, and the index of the call's output. */
export type Reference = readonly [layer: string, node: number, output: number];

/** Arguments of one call of a layer: tensors and other values, in order and by name. */
export interface Call {
  readonly args: readonly unknown[];
  readonly named: Json;
}

/** The calls of a layer in a functional model, as Keras 3 or 2 writes them. */
export function callsOf({ json }: Pick<KerasLayer, 'json'>): Call[] {
  const nodes = json['inbound_nodes'];
  return Array.isArray(nodes) ? nodes.map(call) : [];
}

function call(node: unknown): Call {
  if (isRecord(node))
    return {
      args: (Array.isArray(node['args']) ? node['args'] : []).map(argument),
      named: isRecord(node['kwargs'])
        ? Object.fromEntries(Object.entries(node['kwargs']).map(([name, value]) => [name, argument(value)]))
        : {},
    };
  // Keras 2: a list of [layer, node, output, named arguments], or one alone.
  const entries =
    Array.isArray(node) && typeof node[0] === 'string' ? [node] : Array.isArray(node) ? node : [];
  const named = (entries as unknown[][])
    .map((entry) => (Array.isArray(entry) ? entry[3] : undefined))
    .find(isRecord);
  return {
    args: (entries as unknown[][]).map((entry) =>
      // A constant instead of a tensor.
      entry[0] === '_CONSTANT_VALUE' ? entry[2] : entry.slice(0, 3),
    ),
    named: named ?? {},
  };
}

/** Converts Keras 3 tensors to references, also within lists; other values stay as they are. */
function argument(value: unknown): unknown {
  if (Array.isArray(value)) return isReference(value) ? value : value.map(argument);
  if (!isRecord(value) || value['class_name'] !== '__keras_tensor__') return value;
  const history = isRecord(value['config']) ? value['config']['keras_history'] : undefined;
  return Array.isArray(history) ? history.slice(0, 3) : value;
}

/** Shape of a layer's first input tensor, with the batch; only in files of Keras 3. */
export function inputShapeOf({ json }: Pick<KerasLayer, 'json'>): readonly unknown[] | undefined {
  const [shape] = shapesIn(json['inbound_nodes']);
  const build = isRecord(json['build_config']) ? json['build_config']['input_shape'] : undefined;
  return shape ?? (Array.isArray(build) ? (build as unknown[]) : undefined);
}

function shapesIn(value: unknown): unknown[][] {
  if (Array.isArray(value)) return value.flatMap(shapesIn);
  if (!isRecord(value)) return [];
  if (value['class_name'] !== '__keras_tensor__') return Object.values(value).flatMap(shapesIn);
  const shape = isRecord(value['config']) ? value['config']['shape'] : undefined;
  return Array.isArray(shape) ? [shape as unknown[]] : [];
}

/** Whether a value is the reference of a tensor. */
export function isReference(value: unknown): value is Reference {
  return (
    Array.isArray(value) &&
    value.length >= 3 &&
    typeof value[0] === 'string' &&
    typeof value[1] === 'number' &&
    typeof value[2] === 'number'
  );
}

/** All tensors in a value. */
export function referencesIn(value: unknown): Reference[] {
  if (isReference(value)) return [value];
  if (Array.isArray(value)) return value.flatMap(referencesIn);
  return [];
}

/** JSON with references renamed to the layers that replaced others: one name for each output. */
export function renamed(value: unknown, names: ReadonlyMap<string, readonly string[]>): unknown {
  if (Array.isArray(value)) {
    if (!isReference(value)) return value.map((each) => renamed(each, names));
    const [layer, node, output, ...rest] = value as unknown as [string, number, number, ...unknown[]];
    const own = names.get(layer) ?? [layer];
    if (own.length === 1) return [own[0]!, node, output, ...rest];
    return [own[output] ?? layer, node, 0, ...rest];
  }
  if (!isRecord(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, renamed(each, names)]));
}
