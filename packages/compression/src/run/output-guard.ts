import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { isRecord, modelParts, TersorError, type ModelSource } from '@tersor/core';
import { openModel, type OpenOptions } from '@tersor/network';

/** Something that a command reads, and that must not be lost. */
export interface Precious {
  /** What it is, in words, for the message: "the model", "dataset.dir". */
  readonly name: string;
  readonly path: string;
}

const MOVED_OR_ELSEWHERE = 'Move it away, or choose another folder with --out.';
/** What `writeModel` puts into a folder. */
const MODEL_FILES = ['model.json', 'weights.bin'];
/** Weight files that Tersor writes, of float32 and of uint8. */
const WEIGHT_FILE = /^(weights|group1-shard\d+of\d+)\.bin$/;

/**
 * Throws `CONFIG_INVALID` where writing would destroy what is read: one of `precious` is one of the files or
 * folders that would be replaced, or lies in one. They are compared as the file system sees them: through
 * links, `..`, mounts, and names that differ in case where it does not tell these apart.
 * @param replaced files and folders that the command writes anew; those that do not exist yet do no harm
 * @param hint how to write elsewhere
 */
export async function requireUnharmed(
  replaced: readonly string[],
  precious: readonly Precious[],
  hint = 'Choose another folder with --out.',
): Promise<void> {
  const targets = new Map<string, string>();
  for (const path of replaced) {
    const id = await identityOf(path);
    if (id !== undefined) targets.set(id, path);
  }
  if (targets.size === 0) return;
  for (const { name, path } of precious) {
    for (const [place, isItself] of await enclosing(path)) {
      const hit = targets.get(place);
      if (hit === undefined) continue;
      throw new TersorError(
        'CONFIG_INVALID',
        `${hit} would be replaced, but ${isItself ? `it is ${name}` : `${name} lies in it`}` +
          `${path === hit ? '' : ` (${path})`}.`,
        { hint },
      );
    }
  }
}

/**
 * Throws `CONFIG_INVALID` for a folder that is replaced as a whole and holds something else than a model that
 * Tersor wrote.
 */
export async function requireReplaceable(folder: string): Promise<void> {
  if ((await identityOf(folder)) === undefined) return;
  const entries = await readdir(folder).catch(() => undefined);
  const foreign = entries?.find((name) => !MODEL_FILES.includes(name));
  if (entries && foreign === undefined) return requireOwnModel(folder);
  throw new TersorError(
    'CONFIG_INVALID',
    `${folder} would be replaced, but ${entries ? `it holds ${foreign}` : 'it is a file'}, ` +
      'which no compression wrote.',
    { hint: MOVED_OR_ELSEWHERE },
  );
}

/**
 * Throws `CONFIG_INVALID` where a model written into a folder would destroy what is read, or a model that
 * Tersor did not write. `more` are further files that are written.
 */
export async function requireFreeModelFolder(
  folder: string,
  precious: readonly Precious[],
  more: readonly string[] = [],
): Promise<void> {
  const weights = (await readdir(folder).catch(() => [])).filter((name) => WEIGHT_FILE.test(name));
  await requireUnharmed([...['model.json', ...weights].map((name) => join(folder, name)), ...more], precious);
  await requireOwnModel(folder);
}

/** Throws `CONFIG_INVALID` for a folder with a `model.json` that Tersor did not write. */
async function requireOwnModel(folder: string): Promise<void> {
  await requireOwnJson(join(folder, 'model.json'), ({ generatedBy }) => generatedBy === 'Tersor');
}

/** Throws `CONFIG_INVALID` for a file that is there and is not the JSON that a command writes. */
export async function requireOwnJson(
  path: string,
  isOurs: (json: Readonly<Record<string, unknown>>) => boolean,
  hint = MOVED_OR_ELSEWHERE,
): Promise<void> {
  const json = await readJson(path);
  if (json === undefined || isOurs(json)) return;
  throw new TersorError(
    'CONFIG_INVALID',
    `${path} would be replaced, but it is a file that Tersor did not write.`,
    { hint },
  );
}

/**
 * A model and all files that hold it, as far as its format can say them: what is wrong with it is said by
 * whoever reads it.
 */
export async function modelFiles(
  name: string,
  source: ModelSource,
  options: OpenOptions = {},
): Promise<Precious[]> {
  const path = resolve(options.directory ?? '', modelParts(source).path);
  const parts = await openModel(source, options)
    .then((model) => model.parts())
    .catch(() => namedWeights(path));
  const others = parts.filter((part) => part !== path);
  const inFolder = join(path, 'model.json');
  const named = (part: string) => (part === inFolder ? name : `a weight file of ${name}`);
  return [{ name, path }, ...others.map((part) => ({ name: named(part), path: part }))];
}

/** The weight files that a model.json names, also one that cannot be read as a model. */
async function namedWeights(path: string): Promise<string[]> {
  const inside = join(path, 'model.json');
  if ((await identityOf(inside)) !== undefined) return [inside, ...(await namedWeights(inside))];
  const json = await readJson(path);
  const groups = Array.isArray(json?.['weightsManifest']) ? (json['weightsManifest'] as unknown[]) : [];
  return groups
    .flatMap((group) =>
      isRecord(group) && Array.isArray(group['paths']) ? (group['paths'] as unknown[]) : [],
    )
    .flatMap((file) => (typeof file === 'string' ? join(dirname(path), file) : []));
}

/** Keys of a config, at its top, that are models. */
const MODELS = ['model', 'architecture', 'teacher'];

/**
 * Whatever a config names that is there: every text in it that is the path of something, with its place in
 * the config, and all files of its models. A word that is only a name, say of a plugin, is taken for a path
 * where such a file is there: that errs on the safe side. `options.directory` is what paths start from.
 */
export async function namedByConfig(
  config: object,
  options: OpenOptions & { readonly directory: string },
): Promise<Precious[]> {
  const found: Precious[] = [];
  const visit = async (value: unknown, place: string): Promise<void> => {
    if (typeof value === 'string') {
      const path = resolve(options.directory, value);
      if (value !== '' && (await identityOf(path)) !== undefined)
        found.push({ name: `"${place}" of the config`, path });
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, each] of Object.entries(value)) await visit(each, place ? `${place}.${key}` : key);
    }
  };
  for (const [key, value] of Object.entries(config)) {
    if (key !== 'output' && key !== '$schema') await visit(value, key);
    const files = MODELS.includes(key) && value !== undefined;
    if (files) found.push(...(await modelFiles(`"${key}" of the config`, value as ModelSource, options)));
  }
  return found;
}

/**
 * What lies at a path, and all folders around it, around its links and their targets; whether it is the thing
 * itself.
 */
async function enclosing(path: string): Promise<Map<string, boolean>> {
  const places = new Map<string, boolean>();
  const own = resolve(path);
  for (const start of new Set([own, await realpath(own).catch(() => own)])) {
    for (let at = start; ; at = dirname(at)) {
      const id = await identityOf(at);
      if (id !== undefined) places.set(id, (places.get(id) ?? false) || at === start);
      if (at === dirname(at)) break;
    }
  }
  return places;
}

/** What a file system identifies a file or folder by, links followed; undefined where there is none. */
async function identityOf(path: string): Promise<string | undefined> {
  try {
    const { dev, ino } = await stat(path, { bigint: true });
    // Some network file systems number nothing.
    return ino === 0n ? await realpath(path) : `${dev}:${ino}`;
  } catch {
    return undefined;
  }
}

/**
 * A JSON object in a regular file; an empty one for another file, undefined where there is no file at all.
 */
async function readJson(path: string): Promise<Record<string, unknown> | undefined> {
  const found = await stat(path).catch(() => undefined);
  if (!found) return undefined;
  if (!found.isFile() || !path.endsWith('.json')) return {};
  try {
    const json: unknown = JSON.parse(await readFile(path, 'utf8'));
    return isRecord(json) ? json : {};
  } catch {
    return {};
  }
}
