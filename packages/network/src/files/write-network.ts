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

/** A format that can write. */
export type WritingFormat = FoundFormat & { readonly format: Format & Required<Pick<Format, 'write'>> };

/** Options of `writeNetwork`. */
export interface NetworkWriting {
  /** How the network is quantized, for a format that can store it. */
  readonly quantization?: Quantization;
  /**
   * Runs the network that the files should hold, to compare outputs; without it, only weights are compared.
   */
  readonly witness?: (stored: LayerGraph) => Promise<Witness>;
  /** Called with the existing paths that would be replaced; if it throws, nothing changes. */
  readonly beforeReplacing?: (paths: readonly string[]) => Promise<void>;
}

/**
 * Finds a format to write a network in. Throws the codes of `loadPlugin` and `createProduct`, and
 * `CONFIG_INVALID` for a format that only reads. The hints list the formats that write.
 */
export async function writingFormat(
  use: string,
  given: Readonly<Record<string, unknown>>,
  options: OpenOptions = {},
): Promise<WritingFormat> {
  const listWriting = async () => {
    const known: readonly NamedFormat[] = [
      ...(await givenFormats(options)),
      ...(await installedFormats(options)).formats,
    ];
    const writing = known.filter(({ format }) => format.write);
    return `Formats that write: ${writing.map((each) => `${each.use} (${each.format.files})`).join(', ')}.`;
  };
  const found = await namedFormat(use, given, options).catch(async (error: unknown) => {
    if (!isTersorError(error) || error.code !== 'PLUGIN_NOT_FOUND') throw error;
    const hint = [error.hint, await listWriting()].filter((part) => part !== undefined).join('\n  ');
    throw new TersorError(error.code, error.message, { cause: error, hint });
  });
  if (canWrite(found)) return found;
  throw new TersorError('CONFIG_INVALID', `The format "${use}" can read models but not write them.`, {
    hint: await listWriting(),
  });
}

function canWrite(found: FoundFormat): found is WritingFormat {
  return found.format.write !== undefined;
}

/**
 * Writes a network into a folder, all or nothing, after reading it back and comparing it: weights bit for
 * bit, or only outputs if the format does not keep layers. Other files in the folder stay; an existing file
 * is only replaced if the format confirms that Tersor wrote it. Throws `OUTPUT_FAILED`, `READ_BACK_FAILED`,
 * and `CONFIG_INVALID` if another file is in the way.
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

/** Existing paths that would be replaced. A model that is a whole folder (`.`) replaces everything in it. */
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
    : `the format "${format.id}" cannot tell whether Tersor wrote it`;
  throw new TersorError('CONFIG_INVALID', `${place} would be replaced, but ${reason}.`, {
    hint: 'Move it away, or choose another folder.',
  });
}
