import { inflateSync } from 'node:zlib';
import { elementCount, isTersorError, messageOf, TersorError } from '@tersor/core';
import type { KerasWeight } from '@tersor/network';
import { Dataset, File, Filters, Group } from 'jsfive';

/** Most values of an array: 1 GiB. */
const MAX_VALUES = 2 ** 28;
/** Most values of a stored chunk of an array that is smaller than its chunk. */
const MAX_PIECE = 2 ** 20;
/** Upper bound on the bytes that deflate can expand one byte to. */
const MOST_INFLATED = 1040;
const GZIP = 1;
/** The message of an object that says how its values are stored, and one of the ways. */
const DATA_LAYOUT = 8;
const CONTIGUOUS = 1;

/** A group of an HDF5 file. All methods throw `MODEL_INVALID` if the file is damaged. */
export interface Hdf5Group {
  /** Names of the groups and arrays in it. */
  names(): string[];
  has(name: string): boolean;
  /** A group in it; `undefined` if there is none of that name, or if it is an array. */
  group(name: string): Hdf5Group | undefined;
  /** A text attribute. */
  text(attribute: string): string | undefined;
  /** A list of texts; Keras splits long ones into several attributes (`name0`, `name1`, ...). */
  texts(attribute: string): string[] | undefined;
  /** Shape of an array in it; `undefined` where there is none of that name. */
  shape(name: string): number[] | undefined;
  /** An array of numbers in it, as float32. Throws `MODEL_UNSUPPORTED` for other kinds of values. */
  values(name: string): KerasWeight;
}

/** The outermost group of an HDF5 file. */
export function openHdf5(bytes: Uint8Array, origin: string): Hdf5Group {
  const whole = new Uint8Array(bytes).buffer;
  return groupOf(
    guarded(origin, () => new File(whole)),
    { origin, bytes: bytes.length },
  );
}

interface Place {
  readonly origin: string;
  readonly bytes: number;
}

function groupOf(group: Group, place: Place): Hdf5Group {
  const { origin } = place;
  const entries = new Map<string, Group | Dataset | undefined>();
  const links = guarded(origin, () => new Set(group.keys));
  const entry = (name: string) => {
    if (!links.has(name)) return undefined;
    if (!entries.has(name)) entries.set(name, guarded(origin, () => group.get(name)) ?? undefined);
    return entries.get(name);
  };
  const groups = new Map<string, Hdf5Group>();
  let attributes: Record<string, unknown> | undefined;
  const attribute = (name: string) => {
    attributes ??= guarded(origin, () => group.attrs);
    return Object.hasOwn(attributes, name) ? attributes[name] : undefined;
  };
  const text = (name: string) => {
    const value = attribute(name);
    return typeof value === 'string' ? value.replace(/\0+$/, '') : undefined;
  };
  return {
    names: () => [...links],
    has: (name) => links.has(name),
    group: (name) => {
      const found = entry(name);
      if (!(found instanceof Group)) return undefined;
      const known = groups.get(name) ?? groupOf(found, place);
      groups.set(name, known);
      return known;
    },
    text,
    texts: (name) => {
      if (attribute(name) !== undefined) return texts(attribute(name));
      const parts: string[] = [];
      for (let i = 0; attribute(`${name}${i}`) !== undefined; i++)
        parts.push(...texts(attribute(`${name}${i}`)));
      return parts.length > 0 ? parts : undefined;
    },
    shape: (name) => {
      const found = entry(name);
      return found instanceof Dataset ? guarded(origin, () => [...found.shape]) : undefined;
    },
    values: (name) => {
      const found = entry(name);
      if (!(found instanceof Dataset)) throw invalid(origin, `it has no array "${name}".`);
      return guarded(origin, () => valuesOf(found, name, place));
    },
  };
}

/** Decodes texts; those of a fixed length are padded with zeros. */
function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.map((each) => String(each).replace(/\0+$/, '')) : [];
}

/** Reads an array. Checks sizes first, since jsfive allocates whatever the file declares. */
function valuesOf(dataset: Dataset, name: string, { origin, bytes }: Place): KerasWeight {
  const shape = [...dataset.shape];
  const itemBytes = bytesOfItem(dataset, name, origin);
  const count = elementCount(shape);
  const { chunks } = dataset._dataobjects;
  const most = Math.min(MAX_VALUES, (chunks ? bytes * MOST_INFLATED : bytes) / itemBytes);
  if (!(count <= most))
    throw invalid(origin, `array "${name}" should have ${count} values, more than the file can hold.`);
  if (chunks) limitPieces(chunks, { count, itemBytes, name, origin });
  const plain = dataset.dtype === '<f4' && !chunks ? plainValues(dataset, count) : undefined;
  if (plain) return { shape, data: plain };
  const values = dataset.value;
  const data = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    const value = values[i];
    if (typeof value !== 'number') throw invalid(origin, `array "${name}" is not complete.`);
    data[i] = value;
  }
  return { shape, data };
}

/**
 * The values of an array that is stored contiguously and unencoded, read many times as fast as by jsfive,
 * which reads them one by one; `undefined` for other kinds of storage.
 */
function plainValues({ _dataobjects: objects }: Dataset, count: number): Float32Array | undefined {
  const [message] = objects.find_msg_type(DATA_LAYOUT);
  const [, , layout, at] = objects._get_data_message_properties(message!.get('offset_to_message') as number);
  if (layout !== CONTIGUOUS) return undefined;
  const start = Number(new DataView(objects.fh).getBigUint64(at, true));
  const bytes = objects.fh.slice(start, start + 4 * count);
  return bytes.byteLength === 4 * count ? new Float32Array(bytes) : undefined;
}

function bytesOfItem(dataset: Dataset, name: string, origin: string): number {
  const { dtype } = dataset;
  const size = typeof dtype === 'string' && /^[<>][fiu]([1248])$/.exec(dtype)?.[1];
  if (size && dtype !== '<f1' && dtype !== '>f1') return Number(size);
  const stated = dataset.attrs['dtype'];
  throw new TersorError(
    'MODEL_UNSUPPORTED',
    `${origin}: array "${name}" holds values of type ${typeof stated === 'string' ? stated : String(dtype)}.`,
    { hint: 'Tersor reads float16, float32, float64 and integers. Save the model with float32 weights.' },
  );
}

function limitPieces(
  chunks: readonly number[],
  { count, itemBytes, name, origin }: { count: number; itemBytes: number; name: string; origin: string },
): void {
  const piece = elementCount(chunks);
  if (!(piece > 0 && piece <= Math.max(count, MAX_PIECE)))
    throw invalid(origin, `array "${name}" is stored in pieces of ${piece} values, but has ${count}.`);
  // A checksum may follow the values of a chunk.
  const limit = piece * itemBytes + 4;
  Filters.set(GZIP, (packed) => {
    const unpacked = inflateSync(new Uint8Array(packed), { maxOutputLength: limit });
    return new Uint8Array(unpacked).buffer;
  });
}

/** Converts errors: for damaged files, jsfive throws strings and errors of all kinds. */
function guarded<T>(origin: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (isTersorError(cause)) throw cause;
    // Thrown by jsfive for an invalid address, or a link to another file.
    if (cause instanceof TypeError) throw invalid(origin, 'it holds links that lead nowhere.', cause);
    const reason = typeof cause === 'string' ? cause : messageOf(cause);
    // The only such values that Keras writes.
    if (reason.startsWith('Opaque datatype'))
      throw new TersorError('MODEL_UNSUPPORTED', `${origin} holds bfloat16 values.`, {
        cause,
        hint: 'Save the model with the policy float32 or mixed_bfloat16.',
      });
    throw invalid(origin, reason, cause);
  }
}

function invalid(origin: string, reason: string, cause?: unknown): TersorError {
  return new TersorError('MODEL_INVALID', `${origin} is not a complete HDF5 file: ${reason}`, {
    cause,
    hint: 'It is damaged or was only partly copied: copy it again.',
  });
}
