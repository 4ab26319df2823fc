import { constants } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, TersorError } from '@tersor/core';
import { MAGIC } from '@tersor/runtime';
import { foreignFormat, SAVED_MODEL, TEXT, type FileEnds, type ForeignFormat } from './foreign-formats.js';

const GIVE = 'Give the path of a model.json or a .tersor file.';
/** Bytes of each end of a file that are looked at. */
const END_BYTES = 1 << 16;

/** Where a model is, and what its file begins like. */
export interface FoundModel {
  readonly kind: 'packed' | 'json';
  readonly path: string;
}

/**
 * Finds a model by what its file holds, whatever it is called; of a folder, its `model.json`. Throws
 * `MODEL_NOT_FOUND`, or `MODEL_INVALID` that names what is there instead and the way from it to a model.
 * Devices and pipes, which may never end, are not opened.
 */
export async function recogniseModel(path: string): Promise<FoundModel> {
  const stats = await stat(path).catch((cause: unknown) => {
    const url = /(?:^|[\\/])((?:https?|file|s3|gs|hf|indexeddb|localstorage):)[\\/]+(.+)$/i.exec(path);
    if (url)
      throw notAModel(`${url[1]}//${url[2]}`, {
        format: 'a URL',
        advice: 'Download the model.json with its weight files, or the .tersor file, and give its path.',
      });
    const missing = ['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code ?? '');
    throw new TersorError(
      'MODEL_NOT_FOUND',
      missing ? `There is no model at ${path}.` : `The model ${path} cannot be read: ${messageOf(cause)}`,
      { cause, hint: GIVE },
    );
  });
  if (stats.isDirectory()) return inFolder(path);
  if (!stats.isFile())
    throw notAModel(path, { format: 'a device or a pipe', advice: 'Give the path of a file.' });
  const ends = await readEnds(path, stats.size);
  if (ends.head.startsWith(String.fromCharCode(...MAGIC))) return { kind: 'packed', path };
  if (/^(\xef\xbb\xbf)?\s*[{[]/.test(ends.head)) return { kind: 'json', path };
  // A packed file that is damaged at its very beginning is still called one.
  if (path.endsWith('.tersor')) return { kind: 'packed', path };
  const foreign = path.endsWith('saved_model.pb') ? SAVED_MODEL : foreignFormat(ends);
  // The parser says what is wrong with text that should be JSON.
  if (foreign === TEXT && path.endsWith('.json')) return { kind: 'json', path };
  throw notAModel(path, foreign);
}

async function inFolder(folder: string): Promise<FoundModel> {
  const entries = await readdir(folder).catch((cause: unknown) => {
    throw new TersorError('MODEL_NOT_FOUND', `The folder ${folder} cannot be read: ${messageOf(cause)}`, {
      cause,
      hint: GIVE,
    });
  });
  if (entries.includes('model.json')) return recogniseModel(join(folder, 'model.json'));
  if (entries.includes('saved_model.pb')) throw notAModel(folder, SAVED_MODEL);
  const models = entries.filter((entry) => /\.(json|tersor)$/.test(entry) || entry === 'model');
  throw new TersorError('MODEL_NOT_FOUND', `${folder} is a folder without a model.json.`, {
    hint:
      models.length > 0
        ? `In it are: ${models.slice(0, 8).join(', ')}. Give the path of one that is a model.`
        : GIVE,
  });
}

async function readEnds(path: string, size: number): Promise<FileEnds> {
  const file = await open(path, constants.O_RDONLY).catch((cause: unknown) => {
    throw new TersorError('MODEL_NOT_FOUND', `The model ${path} cannot be read: ${messageOf(cause)}`, {
      cause,
      hint: GIVE,
    });
  });
  try {
    const at = async (position: number) => {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(END_BYTES), 0, END_BYTES, position);
      return buffer.toString('latin1', 0, bytesRead);
    };
    return { head: await at(0), tail: await at(Math.max(0, size - END_BYTES)) };
  } finally {
    await file.close();
  }
}

/** The error for a file of another format. */
export function notAModel(path: string, { format, advice }: ForeignFormat): TersorError {
  return new TersorError('MODEL_INVALID', `${path} is ${format}, not a model that Tersor reads.`, {
    hint: advice,
  });
}
