import { TersorError, type EncodedTensor, type GraphLayer, type LayerGraph } from '@tersor/core';
import { Refusal, layersByName, readersOf } from '@tersor/network';
import { Draft, type Precision } from './draft.js';
import { FROZEN_PART } from './layers/frozen-part.js';
import { writeLayer, WRITTEN_CLASSES } from './layers/layer-writers.js';
import { portsOf, type Port } from './ports.js';
import { arranged, image, type Value } from './value.js';

/** Options of writing a network. */
export interface GraphWriting {
  readonly precision: Precision;
  /** Weights as small integers, by `layer/weight`. */
  readonly codes: ReadonlyMap<string, EncodedTensor>;
}

/** Layers that can add the padding of their input themselves. */
const PADDING_CLASSES = ['Conv2D', 'DepthwiseConv2D', 'SeparableConv2D', 'TersorGroupedConv2D'];

/**
 * The operators of a network, with channels first at its inputs and outputs and, unless a layer needs another
 * order, inside. Throws `MODEL_UNSUPPORTED` with the names of all layers that cannot be written.
 */
export function writeGraph(graph: LayerGraph, { precision, codes }: GraphWriting): Draft {
  const draft = new Draft(precision);
  const layers = layersByName(graph);
  const ports = portsOf(graph);
  // Steps of frozen parts have the shapes of one image.
  if (graph.layers.some(({ className }) => className === FROZEN_PART)) draft.batch = 1;
  [...ports.inputs, ...ports.outputs].forEach(({ name }) => draft.unique(name));
  const values: Value[] = [];
  const refused = new Map<string, string>();
  for (const [index, call] of graph.calls.entries()) {
    const layer = layers.get(call.layer)!;
    const port = graph.inputs.indexOf(index);
    if (port >= 0) {
      values.push(inputPort(draft, ports.inputs[port]!, call.outputShape));
      continue;
    }
    const inputs = call.inputs.map((input) => values[input]!);
    const readersPad = allPad(graph, layers, index);
    try {
      values.push(writeLayer({ draft, layer, inputs, outputShape: call.outputShape, codes, readersPad }));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      refused.set(layer.name, error.message);
      values.push(image('', call.outputShape));
    }
  }
  if (refused.size > 0) throw refusal(refused);
  graph.outputs.forEach((call, i) => outputPort(draft, ports.outputs[i]!, values[call]!));
  return draft;
}

function inputPort(draft: Draft, { name, axes }: Port, shape: Value['shape']): Value {
  const sizes = axes.map((axis) => shape[axis] ?? `${name}_${axis + 1}`);
  draft.inputs.push({ name, shape: [draft.batch, ...sizes] });
  const given = draft.precision === 'float32' ? name : draft.cast(name, `${name}/half`, 'float16');
  return { name: given, shape, axes };
}

/**
 * Adds an output, float32 whatever the network computes in. The node that computes it gets its name if
 * possible.
 */
function outputPort(draft: Draft, { name, axes }: Port, value: Value): void {
  // One tensor may be several outputs.
  const straight = arranged(draft, { ...value, name: draft.nameOf(value.name) }, axes);
  const sizes = axes.map((axis) => straight.shape[axis] ?? `${name}_${axis + 1}`);
  const made =
    draft.precision === 'float32' ? straight.name : draft.cast(straight.name, `${name}/float`, 'float32');
  const isFree =
    draft.nodes.some(({ output }) => output === made) && !draft.outputs.some((other) => other.name === made);
  if (isFree) draft.rename(made, name);
  else draft.nodes.push({ name, operator: 'Identity', inputs: [made], output: name, attributes: {} });
  draft.outputs.push({ name, shape: [draft.batch, ...sizes] });
}

function allPad(graph: LayerGraph, layers: ReadonlyMap<string, GraphLayer>, call: number): boolean {
  const readers = readersOf(graph, call).map((reader) => layers.get(graph.calls[reader]!.layer)!);
  return (
    readers.length > 0 &&
    !graph.outputs.includes(call) &&
    readers.every(
      ({ className, config }) =>
        PADDING_CLASSES.includes(className) && (config['padding'] ?? 'valid') === 'valid',
    )
  );
}

function refusal(refused: ReadonlyMap<string, string>): TersorError {
  const list = [...refused].map(([name, why]) => `"${name}" ${why}`).join('; ');
  return new TersorError('MODEL_UNSUPPORTED', `ONNX cannot express these layers: ${list}.`, {
    hint: `Written are: ${WRITTEN_CLASSES.join(', ')}. Other formats: "tersor plugins" lists them.`,
  });
}
