import { readdir, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { isTersorError, TersorError, type Format, type LayerGraph, type Quantization } from '@tersor/core';
import {
  givenFormats,
  installedFormats,
  namedFormat,
  type FoundFormat,
  type OpenOptions,
} from './find-format.js';
import { requireReadBack, type Witness } from './read-back.js';
import type { NamedFormat } from './recognise-model.js';
import { modelFileOf, type ModelFile } from './read-network.js';
import { writeFolder } from './write-folder.js';

/** A format that writes. */
export type WritingFormat = FoundFormat & { readonly format: Format & Required<Pick<Format, 'write'>> };

/** What `writeNetwork` may be told. */
export interface NetworkWriting {
  /** How the network is quantized, for a format that can hold that. */
  readonly quantization?: Quantization;
  /**
   * What the network that the files hold gives, for their outputs to be compared; without it, weights are.
   */
  readonly witness?: (stored: LayerGraph) => Promise<Witness>;
  /** Is given the paths that are there and would be replaced; what it throws leaves all as it was. */
  readonly beforeReplacing?: (paths: readonly string[]) => Promise<void>;
}

/**
 * Finds the format that a network is to be written in. Throws the codes of `loadPlugin` and `createProduct`,
 * and `CONFIG_INVALID` for a format that only reads; both name those that write.
 */
export async function writingFormat(
  use: string,
  given: Readonly<Record<string, unknown>>,
  options: OpenOptions = {},
): Promise<WritingFormat> {
  const those = async () => {
    const known: readonly NamedFormat[] = [
      ...(await givenFormats(options)),
      ...(await installedFormats(options)).formats,
    ];
    const writing = known.filter(({ format }) => format.write);
    return `Formats that write: ${writing.map((each) => `${each.use} (${each.format.files})`).join(', ')}.`;
  };
  const found = await namedFormat(use, given, options).catch(async (error: unknown) => {
    if (!isTersorError(error) || error.code !== 'PLUGIN_NOT_FOUND') throw error;
    const hint = [error.hint, await those()].filter((part) => part !== undefined).join('\n  ');
    throw new TersorError(error.code, error.message, { cause: error, hint });
  });
  if (canWrite(found)) return found;
  throw new TersorError('CONFIG_INVALID', `The format "${use}" reads models, but writes none.`, {
    hint: await those(),
  });
}

function canWrite(found: FoundFormat): found is WritingFormat {
  return found.format.write !== undefined;
}

/**
 * Writes a network into a folder, whole or not at all, after it was read back and compared: weights to the
 * bit, or outputs alone where the format keeps no more. Other files of the folder stay, and nothing is
 * replaced but what the format says Tersor wrote. Throws
 * `OUTPUT_FAILED`, `READ_BACK_FAILED`, and `CONFIG_INVALID` where something else is in the way.
 */
export async function writeNetwork(
  graph: LayerGraph,
  folder: string,
  found: WritingFormat,
  { quantization, witness, beforeReplacing }: NetworkWriting = {},
): Promise<ModelFile> {
  const { format } = found;
  const last = ({ entry, names }: { readonly entry: string; readonly names: readonly string[] }) =>
    entry === '.' ? names.at(-1)! : entry.split(sep)[0]!;
  const { entry } = await writeFolder(folder, { last, what: 'The model' }, async (staging) => {
    const written = await format.write(graph, staging, quantization);
    const names = await readdir(staging);
    const replaced = await replacedBy(names, written, folder);
    await beforeReplacing?.(replaced);
    await requireReplaceable(replaced, join(folder, written), format);
    const stored = format.stored?.(graph, quantization) ?? graph;
    const file = { path: join(staging, written), name: join(folder, written) };
    await requireReadBack(format, file, witness ? await witness(stored) : { graph: stored });
    return { entry: written, names };
  });
  return modelFileOf(join(folder, entry), found);
}

/** Paths that are there and make way: a model that is a folder as a whole is alone in it. */
async function replacedBy(names: readonly string[], entry: string, folder: string): Promise<string[]> {
  const present = await readdir(folder).catch(() => []);
  return present.filter((name) => entry === '.' || names.includes(name)).map((name) => join(folder, name));
}

async function requireReplaceable(paths: readonly string[], model: string, format: Format): Promise<void> {
  if (paths.length === 0) return;
  const isThere = await stat(model).then(
    () => true,
    () => false,
  );
  const isOwn = isThere && (await Promise.resolve(format.mayReplace?.(model)).catch(() => false));
  if (isOwn === true) return;
  const place = paths.includes(model) ? model : paths[0]!;
  const reason = format.mayReplace
    ? 'it is a file that Tersor did not write'
    : `the format "${format.id}" does not say of its files whether Tersor wrote them`;
  throw new TersorError('CONFIG_INVALID', `${place} would be replaced, but ${reason}.`, {
    hint: 'Move it away, or choose another folder.',
  });
}
