import { corrupt } from '../artifact/artifact-error.js';
import { isRecord } from '../bytes/bounded-json.js';

/**
 * Longest chain of layers: tfjs is recursive, and overflows the stack at about twice as many.
 */
const MAX_CHAIN = 2048;

/** Most calls of layers, counting those of a nested model for each of its calls. */
const MAX_CALLS = 1 << 14;

/** Size of a model for traversal. */
interface Extent {
  /** Length of the longest chain of layers. */
  readonly chain: number;
  readonly calls: number;
}

const ONE: Extent = { chain: 1, calls: 1 };

/**
 * Checks a Keras topology before tfjs builds it, since tfjs hangs if layers' inputs form a cycle or do not
 * exist, and overflows the stack on long chains. Throws `ARTIFACT_CORRUPT` that names the layer.
 */
export function checkTopology(topology: unknown): void {
  const root = isRecord(topology) ? (topology['model_config'] ?? topology) : undefined;
  const config = isRecord(root) ? root['config'] : undefined;
  // In Keras 1, the config of a Sequential model was just its list of layers.
  const layers = Array.isArray(config) ? config : isRecord(config) ? field(config, 'layers') : undefined;
  if (!Array.isArray(layers)) throw corrupt('The topology has no list of layers.');
  modelExtent(layers);
}

function modelExtent(layers: readonly unknown[]): Extent {
  const records = layers.map((layer) => {
    if (!isRecord(layer) || !isRecord(layer['config']))
      throw corrupt('The topology has a layer without a config.');
    return layer;
  });
  const extents = records.map(layerExtent);
  const extent = records.some((layer) => field(layer, 'inboundNodes') !== undefined)
    ? functionalExtent(records, extents)
    : sequentialExtent(extents);
  if (extent.chain > MAX_CHAIN)
    throw corrupt(`${extent.chain} layers follow one another; the limit is ${MAX_CHAIN}.`);
  if (extent.calls > MAX_CALLS)
    throw corrupt(`The layers are called ${extent.calls} times; the limit is ${MAX_CALLS}.`);
  return extent;
}

function layerExtent(layer: Record<string, unknown>): Extent {
  const config = layer['config'] as Record<string, unknown>;
  const inner = field(config, 'layers');
  if (Array.isArray(inner)) return modelExtent(inner);
  checkWithin(config);
  return ONE;
}

/** Checks the models that a layer wraps, at any depth in its config. */
function checkWithin(value: unknown): void {
  if (isRecord(value)) {
    const inner = field(value, 'layers');
    if (Array.isArray(inner)) modelExtent(inner);
    else Object.values(value).forEach(checkWithin);
  } else if (Array.isArray(value)) value.forEach(checkWithin);
}

function sequentialExtent(extents: readonly Extent[]): Extent {
  return extents.reduce((sum, { chain, calls }) => ({ chain: sum.chain + chain, calls: sum.calls + calls }), {
    chain: 0,
    calls: 0,
  });
}

/** A call of a layer that waits for its inputs. */
interface Call {
  readonly layer: string;
  readonly inputs: readonly (readonly [layer: string, node: number])[];
  readonly extent: Extent;
}

/** Goes through the calls round after round like tfjs, without building anything. */
function functionalExtent(layers: readonly Record<string, unknown>[], extents: readonly Extent[]): Extent {
  // Length of the chain up to each node of a layer so far.
  const nodes = new Map<string, number[]>();
  let waiting: Call[] = [];
  layers.forEach((layer, i) => {
    const { name, config } = layer as { name: unknown; config: Record<string, unknown> };
    const extent = extents[i]!;
    if (typeof name !== 'string' || (config['name'] ?? name) !== name)
      throw corrupt(
        `A layer is called ${quoted(name)} in one place and ${quoted(config['name'])} in another.`,
      );
    if (nodes.has(name)) throw corrupt(`Two layers are called ${quoted(name)}.`);
    // An input layer has a node without a call, and so has a nested model: that of its own inputs.
    const own = field(layer, 'className') === 'InputLayer' || Array.isArray(field(config, 'layers'));
    nodes.set(name, own ? [extent.chain] : []);
    for (const call of list(field(layer, 'inboundNodes'), name)) {
      const inputs = list(call, name).map((input) => reference(input, name));
      if (inputs.length > 0) waiting.push({ layer: name, inputs, extent });
    }
  });
  let longest = 0;
  let calls = layers.length;
  while (waiting.length > 0) {
    const before = waiting.length;
    waiting = waiting.filter(({ layer, inputs, extent }) => {
      const chains = inputs.map(([from, node]) => nodes.get(from)?.[node]);
      if (chains.includes(undefined)) return true;
      const chain = Math.max(...(chains as number[])) + extent.chain;
      nodes.get(layer)!.push(chain);
      longest = Math.max(longest, chain);
      calls += extent.calls;
      return false;
    });
    if (waiting.length === before) {
      const { layer, inputs } = waiting[0]!;
      const [from] = inputs.find(([name, node]) => nodes.get(name)?.[node] === undefined)!;
      throw corrupt(
        `Layer ${quoted(layer)} takes the output of ${quoted(from)}, which ${nodes.has(from) ? 'depends on it in a circle, or is called less often' : 'is not there'}.`,
      );
    }
    if (longest > MAX_CHAIN || calls > MAX_CALLS) break;
  }
  return { chain: longest, calls };
}

function reference(input: unknown, layer: string): [string, number] {
  const [from, node] = list(input, layer) as unknown[];
  if (typeof from !== 'string' || !Number.isSafeInteger(node))
    throw corrupt(`Layer ${quoted(layer)} has an input that is not [layer, call, output].`);
  return [from, node as number];
}

function list(value: unknown, layer: string): unknown[] {
  if (!Array.isArray(value)) throw corrupt(`The inputs of layer ${quoted(layer)} are not a list.`);
  return value;
}

/** The value that tfjs finds under a name in camel case, to which it converts every key of a topology. */
function field(record: Record<string, unknown>, name: string): unknown {
  let found: unknown;
  for (const key of Object.keys(record))
    if (key.replace(/_+(\w|$)/g, (_, letter: string) => letter.toUpperCase()) === name) found = record[key];
  return found;
}

function quoted(name: unknown): string {
  // A name of 16 MB is not worth printing.
  return (JSON.stringify(name) ?? 'nothing').slice(0, 100);
}
