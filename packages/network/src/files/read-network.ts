import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import {
  modelParts,
  type Format,
  type LayerGraph,
  type ModelContent,
  type ModelSource,
  type StatedFile,
  type WeightCodes,
  type WiredPlugin,
} from '@tersor/core';
import { namedFormat, recognisedFormat, type FoundFormat, type OpenOptions } from './find-format.js';
import { requireFiniteWeights } from './model-files.js';
import { placeOf } from './model-place.js';

/** A model on disk, and the format that reads it. */
export interface ModelFile {
  readonly path: string;
  readonly format: Format;
  /** The plugin that the format comes from; absent for the formats of Tersor. */
  readonly plugin?: WiredPlugin;
  /** Files named by the format's options, whose content is part of the model's identity. */
  readonly files?: readonly StatedFile[];
  /** Reads the network. Throws what the format throws, and `WEIGHTS_NOT_FINITE`. */
  read(): Promise<LayerGraph>;
  /** Its quantized weights as integer codes; empty if the files hold floats. */
  codes(): Promise<WeightCodes>;
  /** Paths of all files that hold the model. */
  parts(): Promise<readonly string[]>;
  /** Total size of these files in bytes. */
  bytes(): Promise<number>;
  /** Hashes of their content. */
  content(): Promise<ModelContent>;
}

/**
 * Finds a model and its format: the one that `source` names, or else the first that recognises the file,
 * among Tersor's own formats, those given in `options`, and installed ones, in this order. Reads only both
 * ends of the file. Throws the codes of `recogniseModel`, `loadPlugin` and `createProduct`.
 */
export async function openModel(source: ModelSource, options: OpenOptions = {}): Promise<ModelFile> {
  const { path: given, use, options: own } = modelParts(source);
  const path = resolve(options.directory ?? '', given);
  const found = await (use === undefined ? recognisedFormat(path, options) : namedFormat(use, own, options));
  if (use !== undefined) await placeOf(path);
  return modelFileOf(path, found);
}

/** A model at a path, read by a format that was found for it. */
export function modelFileOf(path: string, { format, plugin, files }: FoundFormat): ModelFile {
  const parts = async () => (await format.parts?.(path)) ?? (await filesAt(path));
  return {
    path,
    format,
    ...(plugin && { plugin }),
    ...(files && { files }),
    read: async () => {
      const graph = await format.read(path);
      requireFiniteWeights(graph, path);
      return graph;
    },
    codes: async () => (await format.codes?.(path)) ?? new Map<string, never>(),
    parts,
    bytes: async () =>
      (await Promise.all((await parts()).map(byteLengthOf))).reduce((sum, size) => sum + size, 0),
    content: async () => (await format.content?.(path)) ?? bytesContent(await parts()),
  };
}

/**
 * Reads a network from a file of any known format. Throws the codes of `openModel` and of `ModelFile.read`.
 */
export async function readNetwork(source: ModelSource, options?: OpenOptions): Promise<LayerGraph> {
  return (await openModel(source, options)).read();
}

/** Total size of a model's files in bytes. Throws like `openModel`, and for missing files. */
export async function modelBytes(source: ModelSource, options?: OpenOptions): Promise<number> {
  return (await openModel(source, options)).bytes();
}

async function filesAt(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const paths = (await readdir(path, { recursive: true })).map((name) => join(path, name));
  const stats = await Promise.all(paths.map((each) => stat(each)));
  return paths.filter((_, i) => stats[i]!.isFile());
}

async function byteLengthOf(path: string): Promise<number> {
  return (await stat(path)).size;
}

/** A hash of all bytes, for formats without their own `content`. */
async function bytesContent(parts: readonly string[]): Promise<ModelContent> {
  const hash = createHash('sha256');
  for (const path of [...parts].sort()) {
    const bytes = await readFile(path);
    hash.update(`${bytes.length}\0`).update(bytes);
  }
  return { topology: hash.digest('hex') };
}
