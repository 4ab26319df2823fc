import { open, realpath, stat } from 'node:fs/promises';
import { dirname, isAbsolute, join, posix, win32 } from 'node:path';
import type { io } from '@tensorflow/tfjs-core';
import { elementCount, isInside, messageOf, TersorError } from '@tersor/core';
import { z } from 'zod';

const BYTES_PER_VALUE = { float32: 4, int32: 4, uint8: 1, uint16: 2, float16: 2, bool: 1 } as const;

const entrySchema = z.object({
  name: z.string().min(1).max(1024),
  shape: z.array(z.int().nonnegative()).max(8),
  dtype: z.enum(['float32', 'int32', 'uint8', 'uint16', 'float16', 'bool']),
  group: z.string().optional(),
  quantization: z
    .object({
      dtype: z.enum(['uint8', 'uint16', 'float16']),
      scale: z.number().optional(),
      min: z.number().optional(),
      original_dtype: z.enum(['float32', 'int32']).optional(),
    })
    .optional(),
});

const manifestSchema = z.array(
  z.object({ paths: z.array(z.string().min(1).max(1024)), weights: z.array(entrySchema) }),
);

/** The `weightsManifest` of a model.json: weight files, and the arrays that they hold, in order. */
export type WeightsManifest = z.infer<typeof manifestSchema>;

/** Checks a manifest. Throws the error that `invalid` makes of a reason. */
export function parseManifest(manifest: unknown, invalid: (reason: string) => TersorError): WeightsManifest {
  const parsed = manifestSchema.safeParse(manifest);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0]!;
    throw invalid(
      `weightsManifest${path.map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('')}: ${message}.`,
    );
  }
  requireUnique(
    parsed.data.flatMap(({ paths }) => paths.map((path) => posix.normalize(path))),
    (path) => invalid(`it names the weight file ${path} twice.`),
  );
  requireUnique(
    parsed.data.flatMap(({ weights }) => weights.map(({ name }) => name)),
    (name) =>
      invalid(
        `it has the weight "${name}" twice. Two layers share a name, one of them in a nested model: give them different names before the model is saved.`,
      ),
  );
  return parsed.data;
}

function requireUnique(names: readonly string[], error: (name: string) => TersorError): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (seen.has(name)) throw error(name);
    seen.add(name);
  }
}

/** A weight file that may be read. */
interface WeightFile {
  readonly path: string;
  readonly size: number;
}

/**
 * The weight files of a model.json, by group. Does not open them. Throws `MODEL_INVALID` for a path that
 * leads out of the model's folder (links included), for what is not a file, and if sizes do not match the
 * manifest.
 */
export async function weightFiles(model: string, manifest: WeightsManifest): Promise<WeightFile[][]> {
  return Promise.all(
    manifest.map(async ({ paths, weights }) => {
      const files = await Promise.all(paths.map((path) => weightFile(model, path)));
      const expected = weights.reduce((sum, weight) => sum + entryBytes(weight), 0);
      const found = files.reduce((sum, { size }) => sum + size, 0);
      if (found === expected) return files;
      throw new TersorError(
        'MODEL_INVALID',
        `${model}: ${paths.join(', ')} hold ${found} bytes, but the manifest describes ${expected}.`,
        {
          hint: 'The weight files are truncated or belong to another model. Copy the folder again.',
        },
      );
    }),
  );
}

/** The bytes of all weight files, concatenated in a single allocation. */
export async function readWeightFiles(model: string, files: readonly WeightFile[]): Promise<ArrayBuffer> {
  const all = new Uint8Array(files.reduce((sum, { size }) => sum + size, 0));
  let at = 0;
  for (const { path, size } of files) {
    try {
      await readInto(all.subarray(at, at + size), path);
    } catch (cause) {
      throw new TersorError(
        'MODEL_INVALID',
        `${model} names the weight file ${path}, which cannot be read: ${messageOf(cause)}`,
        { cause },
      );
    }
    at += size;
  }
  return all.buffer;
}

async function readInto(target: Uint8Array, path: string): Promise<void> {
  const file = await open(path);
  try {
    for (let at = 0; at < target.length; ) {
      const { bytesRead } = await file.read(target, at, target.length - at);
      if (bytesRead === 0) throw new Error('it became shorter while it was read');
      at += bytesRead;
    }
  } finally {
    await file.close();
  }
}

async function weightFile(model: string, name: string): Promise<WeightFile> {
  const refuse = (reason: string, cause?: unknown) =>
    new TersorError('MODEL_INVALID', `${model} names the weight file ${name}, which ${reason}.`, {
      cause,
      hint: 'Weight files lie in the folder of their model.json, or below it.',
    });
  if (leadsOut(name)) throw refuse('is not in the folder of the model');
  let path: string;
  let folder: string;
  try {
    folder = await realpath(dirname(model));
    path = await realpath(join(folder, name));
  } catch (cause) {
    throw refuse('cannot be read', cause);
  }
  if (!isInside(folder, path)) throw refuse('is a link out of the folder of the model');
  const stats = await stat(path);
  if (!stats.isFile()) throw refuse('is not a file');
  return { path, size: stats.size };
}

/**
 * Whether any reader could take a path out of its folder: browsers decode it, Windows treats backslashes as
 * separators.
 */
function leadsOut(name: string): boolean {
  let decoded = name;
  for (let round = 0; round < 4; round++) {
    if (escapes(decoded) || /^[a-z][a-z0-9+.-]*:/i.test(decoded) || decoded.includes('\0')) return true;
    try {
      decoded = decodeURIComponent(decoded);
    } catch {
      return false;
    }
  }
  return false;
}

function escapes(path: string): boolean {
  return isAbsolute(path) || win32.isAbsolute(path) || path.split(/[\\/]/).includes('..');
}

function entryBytes({ shape, dtype, quantization }: WeightsManifest[0]['weights'][0]): number {
  return elementCount(shape) * BYTES_PER_VALUE[quantization?.dtype ?? dtype];
}

/** Number of values in a manifest's arrays, without those of an optimizer. */
export function weightCount(specs: readonly io.WeightsManifestEntry[]): number {
  return specs
    .filter(({ group }) => group !== 'optimizer')
    .reduce((sum, { shape }) => sum + elementCount(shape), 0);
}
