import { constants } from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import { messageOf, TersorError, type ModelPlace } from '@tersor/core';
import { GIVE_A_MODEL, type ForeignFormat } from './foreign-formats.js';

/** Number of bytes read from each end of a file to recognise its format. */
const END_BYTES = 1 << 16;

/** A place as formats see it, with the last bytes of a file, which tell archives apart. */
export interface ReadPlace extends ModelPlace {
  readonly tail: Uint8Array;
}

/**
 * Reads what formats need to recognise a model: a folder's entries, or both ends of a file. Devices and pipes
 * are not opened, since reading them may never end. Throws `MODEL_NOT_FOUND`, or `MODEL_INVALID` for a URL, a
 * device or a pipe.
 */
export async function placeOf(path: string): Promise<ReadPlace> {
  const stats = await stat(path).catch((cause: unknown) => {
    const url = /(?:^|[\\/])((?:https?|file|s3|gs|hf|indexeddb|localstorage):)[\\/]+(.+)$/i.exec(path);
    if (url)
      throw notAModel(`${url[1]}//${url[2]}`, {
        format: 'a URL',
        advice: 'Download the model.json with its weight files, or the .tersor file, and give its path.',
      });
    const missing = ['ENOENT', 'ENOTDIR'].includes((cause as NodeJS.ErrnoException).code ?? '');
    throw unreadable(missing ? `There is no model at ${path}.` : `The model ${path} cannot be read`, cause);
  });
  if (stats.isDirectory()) {
    const entries = await readdir(path).catch((cause: unknown) => {
      throw unreadable(`The folder ${path} cannot be read`, cause);
    });
    return { path, entries, head: new Uint8Array(), tail: new Uint8Array() };
  }
  if (!stats.isFile())
    throw notAModel(path, { format: 'a device or a pipe', advice: 'Give the path of a file.' });
  return { path, ...(await readEnds(path, stats.size)) };
}

async function readEnds(path: string, size: number): Promise<Pick<ReadPlace, 'head' | 'tail'>> {
  const file = await open(path, constants.O_RDONLY).catch((cause: unknown) => {
    throw unreadable(`The model ${path} cannot be read`, cause);
  });
  try {
    const at = async (position: number) => {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(END_BYTES), 0, END_BYTES, position);
      return new Uint8Array(buffer.buffer, buffer.byteOffset, bytesRead);
    };
    return { head: await at(0), tail: await at(Math.max(0, size - END_BYTES)) };
  } finally {
    await file.close();
  }
}

/** Bytes as text, one character per byte. */
export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

/** The error for a folder without a model. */
export function notFoundIn({ path, entries = [] }: ModelPlace): TersorError {
  const models = entries.filter((entry) => /\.(json|tersor|onnx|keras|h5)$/.test(entry) || entry === 'model');
  return new TersorError('MODEL_NOT_FOUND', `${path} is a folder without a model.json.`, {
    hint:
      models.length > 0
        ? `It contains: ${models.slice(0, 8).join(', ')}. Give the path of the model.`
        : GIVE_A_MODEL,
  });
}

/** The error for a file of another format; `known` lists the known formats. */
export function notAModel(path: string, { format, advice }: ForeignFormat, known?: string): TersorError {
  return new TersorError('MODEL_INVALID', `${path} is ${format}, not a model that Tersor reads.`, {
    hint: known === undefined ? advice : `${advice}\n  ${known}`,
  });
}

function unreadable(message: string, cause: unknown): TersorError {
  const reason = message.endsWith('.') ? message : `${message}: ${messageOf(cause)}`;
  return new TersorError('MODEL_NOT_FOUND', reason, { cause, hint: GIVE_A_MODEL });
}
