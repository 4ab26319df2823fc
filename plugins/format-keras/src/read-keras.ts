import { readFile, stat } from 'node:fs/promises';
import { isRecord, messageOf, TersorError, type LayerGraph } from '@tersor/core';
import {
  graphFromKeras,
  parseBoundedJson,
  withChannelShuffles,
  withSpelledActivations,
} from '@tersor/network';
import { openArchive } from './file/archive.js';
import { openHdf5, type Hdf5Group } from './file/hdf5.js';
import type { Json } from './topology/keras-layer.js';
import { withInputShape } from './topology/input-shape.js';
import { lowerModel } from './topology/lower-model.js';
import { keras3Weights } from './weights/keras3-weights.js';
import { legacyWeights } from './weights/legacy-weights.js';
import type { FileWeights } from './weights/weight-places.js';

/** Largest file, since it is read whole. */
const MAX_BYTES = 2 ** 31 - 1;

/** What a file needs besides itself. */
export interface KerasOptions {
  /** Path of the JSON of its topology, for a file of weights alone. */
  readonly architecture?: string | undefined;
  /** Height, width and channels of one image, where the file leaves them open. */
  readonly inputShape?: readonly number[] | undefined;
}

/** A topology, and the version of Keras that wrote it. */
interface Topology {
  readonly model: Json;
  readonly version: string;
}

/** A topology and how its weights are stored. */
interface KerasModel extends Topology {
  readonly weights: (model: Json) => FileWeights;
}

/**
 * Reads a Keras file: `.keras`, `.h5`, or `.weights.h5` with the JSON of its architecture at another path.
 * Throws `MODEL_INVALID` and `MODEL_UNSUPPORTED`, the latter with the names of all layers that are not read.
 */
export async function readKeras(path: string, options: KerasOptions = {}): Promise<LayerGraph> {
  const { architecture, inputShape } = options;
  const bytes = await readBytes(path);
  const given = architecture === undefined ? undefined : await readArchitecture(architecture);
  const { model, version, weights } = bytes[0] === 0x50 ? archived(bytes, path) : stored(bytes, path, given);
  const generation = Number.parseInt(version, 10) >= 3 ? 3 : 2;
  const found = weights(model);
  const whole = inputShape ? withInputShape(model, inputShape, path) : model;
  const lowered = lowerModel(whole, { origin: path, generation, weightsOf: (layer) => found.of(layer) });
  const graph = await graphFromKeras(
    { keras_version: version, model_config: lowered.model },
    // The topology itself may contain weights: means and variances.
    { origin: path, maxWeights: found.count + JSON.stringify(model).length, weightsOf: lowered.weightsOf },
  );
  return withChannelShuffles(withSpelledActivations(graph));
}

/** Reads a `.keras` file: an archive of a topology, metadata, and a `.weights.h5`. */
function archived(bytes: Uint8Array, origin: string): KerasModel {
  const parts = openArchive(bytes, origin);
  const file = parts['model.weights.h5'];
  if (!parts['config.json'] || !file)
    throw new TersorError(
      'MODEL_INVALID',
      `${origin} has no ${file ? 'config.json' : 'model.weights.h5'} in it.`,
      {
        hint: 'A .keras file is what model.save("model.keras") writes.',
      },
    );
  const metadata = parts['metadata.json'] ? json(parts['metadata.json'], `${origin}: metadata.json`) : {};
  const model = json(parts['config.json'], `${origin}: config.json`);
  return {
    model,
    version: String(metadata['keras_version'] ?? '3.0'),
    weights: (own) => keras3Weights(openHdf5(file, `${origin}: model.weights.h5`), own, origin),
  };
}

/** Reads an HDF5 file: a whole model in the form of Keras 2, or only weights in the form of Keras 2 or 3. */
function stored(bytes: Uint8Array, origin: string, given: Topology | undefined): KerasModel {
  const root = openHdf5(bytes, origin);
  const config = root.text('model_config');
  if (config !== undefined) {
    const group = root.group('model_weights');
    if (!group) throw new TersorError('MODEL_INVALID', `${origin} has no group "model_weights".`);
    return {
      model: json(Buffer.from(config), `${origin}: model_config`),
      version: root.text('keras_version') ?? group.text('keras_version') ?? '1',
      weights: (own) => legacyWeights(group, own, origin),
    };
  }
  const weights = weightsAlone(root, origin);
  if (given) return { ...given, weights: (own) => weights(own) };
  throw new TersorError('MODEL_UNSUPPORTED', `${origin} holds weights without a network.`, {
    hint: 'Save the whole model: model.save("model.keras"). Or write model.to_json() to a file and name it: --format keras --format-option architecture=net.json, in a config model: { use: keras, path: net.weights.h5, architecture: net.json }.',
  });
}

function weightsAlone(root: Hdf5Group, origin: string): (model: Json) => FileWeights {
  if (root.texts('layer_names')) return (model) => legacyWeights(root, model, origin);
  if (['layers', 'vars', '_layer_checkpoint_dependencies'].some((name) => root.has(name)))
    return (model) => keras3Weights(root, model, origin);
  const names = root.names().slice(0, 8).join(', ');
  throw new TersorError(
    'MODEL_INVALID',
    `${origin} is an HDF5 file, but not one of Keras: in it are ${names || 'nothing'}.`,
    {
      hint: 'Give a file that model.save() of Keras wrote.',
    },
  );
}

async function readBytes(path: string): Promise<Uint8Array> {
  const { size } = await stat(path);
  if (size > MAX_BYTES)
    throw new TersorError('MODEL_UNSUPPORTED', `${path} has ${size} bytes; at most ${MAX_BYTES} are read.`);
  return readFile(path);
}

async function readArchitecture(path: string): Promise<Topology> {
  const bytes = await readFile(path).catch((cause: unknown) => {
    throw new TersorError('MODEL_NOT_FOUND', `The architecture ${path} cannot be read: ${messageOf(cause)}`, {
      cause,
    });
  });
  const model = json(bytes, path);
  // Keras 2 writes its version into the JSON, Keras 3 the module of every class.
  return { model, version: String(model['keras_version'] ?? ('module' in model ? '3.0' : '2.0')) };
}

function json(bytes: Uint8Array, origin: string): Json {
  let value: unknown;
  try {
    value = parseBoundedJson(bytes);
  } catch (cause) {
    throw new TersorError('MODEL_INVALID', `${origin}: ${messageOf(cause)}`, { cause });
  }
  if (isRecord(value)) return value;
  throw new TersorError('MODEL_INVALID', `${origin} is not a JSON object.`);
}
