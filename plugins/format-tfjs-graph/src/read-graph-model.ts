import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isRecord, messageOf, TersorError, type LayerGraph } from '@tersor/core';
import {
  foldAffines,
  graphFromKeras,
  parseBoundedJson,
  parseManifest,
  weightFiles,
  withChannelShuffles,
  withSpelledActivations,
  type WeightsManifest,
} from '@tersor/network';
import { withDilations } from './operators/dilations.js';
import { lowerGraph } from './lower-graph.js';
import { nodesOf, sizesOf, sourceOf, type GraphNode } from './node.js';
import { readConstants } from './file/weights.js';

/** Limit on the size of model.json, which is read into memory; real networks have a few MB. */
const MAX_JSON_BYTES = 2 ** 26;

/** Options of the reader. */
export interface GraphOptions {
  /** Names of the output nodes; by default those of the file. */
  readonly outputs?: readonly string[] | undefined;
  /** Names of nodes to use as inputs; nodes before them are not read. */
  readonly inputs?: readonly string[] | undefined;
  /** Sizes of one input image, if the file leaves them open. */
  readonly inputShape?: readonly number[] | undefined;
}

interface GraphJson {
  readonly path: string;
  readonly json: Readonly<Record<string, unknown>>;
  readonly nodes: readonly GraphNode[];
  readonly manifest: WeightsManifest;
}

/** `userDefinedMetadata` of a network that was read in part. */
interface GraphMetadata {
  /** The nodes that compute its outputs. */
  readonly outputs: readonly string[];
  /** The nodes after the network that were left out, and why. */
  readonly cut: readonly string[];
}

/**
 * Reads a GraphModel of TensorFlow.js: a `model.json` with its weight files, or their folder. Unknown nodes
 * after the network are left out, with a warning. Throws `MODEL_INVALID`, and `MODEL_UNSUPPORTED` with the
 * names of all nodes that cannot be read.
 */
export async function readGraphModel(path: string, options: GraphOptions = {}): Promise<LayerGraph> {
  const model = await readJson(path);
  const weights = await readConstants(model.path, model.manifest);
  const { builder, inputs, outputs, ends, cut } = lowerGraph({
    origin: path,
    nodes: withDilations(model.nodes),
    weights,
    outputs: options.outputs ?? outputsOf(model),
    isAsked: options.outputs !== undefined,
    inputs: options.inputs ?? [],
    stated: statedShapes(model),
    inputShape: options.inputShape,
  });
  const { drafts } = builder;
  const graph = await graphFromKeras(builder.topology('graph_model', inputs, outputs), {
    origin: path,
    maxWeights: [...drafts.values()]
      .flatMap((draft) => draft.weights)
      .reduce((sum, { data }) => sum + data.length, 0),
    weightsOf: ([name]) => drafts.get(name!)?.weights ?? [],
  });
  const whole = foldAffines(withChannelShuffles(withSpelledActivations(graph)));
  if (cut.length === 0) return whole;
  process.emitWarning(
    `${path}: what comes after the network is left out; its outputs are ${ends.join(', ')}. Not read: ${cut.slice(0, 8).join('; ')}${cut.length > 8 ? `; and ${cut.length - 8} more` : ''}.`,
    { type: 'TersorWarning', code: 'TERSOR_CUT' },
  );
  const metadata: GraphMetadata = { outputs: ends, cut };
  return { ...whole, metadata: { ...whole.metadata, userDefinedMetadata: { graphModel: metadata } } };
}

/** Shapes of inputs, with the batch, by the names of their nodes. */
function statedShapes({ json }: GraphJson): Map<string, (number | undefined)[]> {
  const inputs = signatureOf(json)['inputs'];
  return new Map(
    Object.entries(isRecord(inputs) ? inputs : {}).flatMap(([key, value]) => {
      const shape = isRecord(value) ? sizesOf(value['tensorShape']) : undefined;
      const name = isRecord(value) && typeof value['name'] === 'string' ? value['name'] : key;
      return shape ? [[sourceOf(name).name, shape]] : [];
    }),
  );
}

function signatureOf(json: GraphJson['json']): Readonly<Record<string, unknown>> {
  const metadata = json['userDefinedMetadata'];
  const signature = json['signature'] ?? (isRecord(metadata) ? metadata['signature'] : undefined);
  return isRecord(signature) ? signature : {};
}

/**
 * Paths of the `model.json` of a GraphModel and of its weight files. Throws the same errors as reading it.
 */
export async function graphModelParts(path: string): Promise<string[]> {
  const { path: model, manifest } = await readJson(path);
  return [model, ...(await weightFiles(model, manifest)).flat().map((file) => file.path)];
}

/** The outputs that the file's signature names; without a signature, the nodes that no other reads. */
function outputsOf({ json, nodes }: GraphJson): string[] {
  const { outputs } = signatureOf(json);
  const stated = isRecord(outputs) ? Object.entries(outputs) : [];
  const known = new Set(nodes.map(({ name }) => name));
  const named = stated.map(([key, value]) =>
    isRecord(value) && typeof value['name'] === 'string' ? value['name'] : key,
  );
  if (named.length > 0 && named.every((name) => known.has(sourceOf(name).name))) return named;
  const read = new Set(nodes.flatMap(({ inputs }) => inputs.map((input) => sourceOf(input).name)));
  return nodes
    .filter(({ name, op }) => !read.has(name) && !['Const', 'NoOp', 'Placeholder'].includes(op))
    .map(({ name }) => name);
}

async function readJson(given: string): Promise<GraphJson> {
  const path = (await stat(given)).isDirectory() ? join(given, 'model.json') : given;
  const invalid = (reason: string, cause?: unknown) =>
    new TersorError('MODEL_INVALID', `${path} is no GraphModel: ${reason}`, {
      cause,
      hint: 'A GraphModel is what "tensorflowjs_converter --output_format=tfjs_graph_model" writes.',
    });
  const { size } = await stat(path).catch((cause: unknown) => {
    throw new TersorError('MODEL_NOT_FOUND', `There is no model.json in ${given}.`, { cause });
  });
  if (size > MAX_JSON_BYTES)
    throw invalid(`it has ${size} bytes; a model.json has at most ${MAX_JSON_BYTES}.`);
  let json: unknown;
  try {
    json = parseBoundedJson(await readFile(path));
  } catch (cause) {
    throw invalid(messageOf(cause), cause);
  }
  const topology = isRecord(json) ? json['modelTopology'] : undefined;
  if (!isRecord(json) || !isRecord(topology)) throw invalid('it has no "modelTopology".');
  const nodes = nodesOf(topology);
  if (nodes.length === 0) throw invalid('its topology has no nodes.');
  if (!Array.isArray(json['weightsManifest'])) throw invalid('it has no "weightsManifest".');
  return { path, json, nodes, manifest: parseManifest(json['weightsManifest'], invalid) };
}
