import { extname } from 'node:path';
import { TersorError, type Format } from '@tersor/core';
import { foreignFormat, SAVED_MODEL, TEXT } from './foreign-formats.js';
import { layersModelFormat } from './layers-model-format.js';
import { latin1, notAModel, notFoundIn, placeOf, type ReadPlace } from './model-place.js';
import { packedFormat } from './packed-format.js';

/** A format, and its name in configs and commands. */
export interface NamedFormat {
  readonly format: Format;
  readonly use: string;
}

/** Formats that are only looked up if no known one recognises a file. */
export interface FurtherFormats {
  readonly formats: readonly NamedFormat[];
  /** Messages about plugins that cannot be loaded. */
  readonly problems: readonly string[];
}

/**
 * Finds the format of a model by the content of its file, not by its name. Throws `MODEL_NOT_FOUND`,
 * `MODEL_INVALID` that says what the file is instead and how to convert it, or `PLUGIN_AMBIGUOUS` if several
 * of the further formats recognise it.
 */
export async function recogniseModel(
  path: string,
  formats: readonly NamedFormat[],
  further: () => Promise<FurtherFormats> = async () => ({ formats: [], problems: [] }),
): Promise<NamedFormat> {
  const place = await placeOf(path);
  const own = formats.find(({ format }) => format.recognises(place));
  if (own) return own;
  const others = await further();
  const found = others.formats.filter(({ format }) => format.recognises(place));
  if (found.length > 1) throw ambiguous(path, found);
  if (found[0]) return found[0];
  const damaged = damagedFormat(place);
  if (damaged) return { format: damaged, use: damaged.id };
  throw unknown(place, [...formats, ...others.formats], others.problems);
}

/** The format that a damaged file seems to have; its reader reports what is wrong. */
function damagedFormat(place: ReadPlace): Format | undefined {
  if (place.entries) return undefined;
  const head = latin1(place.head);
  if (/^(\xef\xbb\xbf)?\s*[{[]/.test(head)) return layersModelFormat;
  if (extname(place.path) === '.tersor') return packedFormat;
  const isText = foreignFormat({ head, tail: latin1(place.tail) }) === TEXT;
  return isText && extname(place.path) === '.json' ? layersModelFormat : undefined;
}

function unknown(
  place: ReadPlace,
  formats: readonly NamedFormat[],
  problems: readonly string[],
): TersorError {
  const known = [
    `Formats known here: ${formats.map(({ format, use }) => `${use} (${format.files})`).join(', ')};`,
    'others come as plugins of the kind "format".',
    ...problems,
  ].join(' ');
  if (place.entries?.includes('saved_model.pb')) return notAModel(place.path, SAVED_MODEL, known);
  if (place.entries) return notFoundIn(place);
  if (place.path.endsWith('saved_model.pb')) return notAModel(place.path, SAVED_MODEL, known);
  return notAModel(place.path, foreignFormat({ head: latin1(place.head), tail: latin1(place.tail) }), known);
}

function ambiguous(path: string, found: readonly NamedFormat[]): TersorError {
  const names = found.map(({ use }) => use);
  return new TersorError('PLUGIN_AMBIGUOUS', `${path} is a file of several formats: ${names.join(', ')}.`, {
    hint: `Choose one: --format ${names[0]}, or in a config model: { use: ${names[0]}, path: ... }`,
  });
}
