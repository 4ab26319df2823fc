import { readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { isFolder, TersorError } from '@tersor/core';

/** An image file and its class. */
export interface ImageEntry {
  /** Absolute path. */
  readonly path: string;
  /** Path from the data set's source, with `/` on every system: the same wherever the data set lies. */
  readonly key: string;
  readonly label: number;
}

const IMAGE = /\.(jpe?g|png)$/i;
/**
 * A path with an image's extension, then perhaps a class. Greedy, so that spaces inside the path belong to
 * it.
 */
const LIST_LINE = /^(.+\.(?:jpe?g|png))(?:\s+(\S.*))?$/i;
const LIST_PATHS = 'Paths are relative to the folder of the list. Remove the line or add the file.';
const SOURCE_PATHS =
  'Paths in "dataset" start from "dir"; "train" and "test" name a folder of class folders or a list file.';

/**
 * The names of the class folders of a folder, sorted as strings. Throws `DATASET_INVALID` when there are
 * none.
 */
export async function classFolders(folder: string): Promise<string[]> {
  const entries = (await list(folder)).filter(({ name }) => !name.startsWith('.'));
  const names: string[] = [];
  for (const entry of entries) {
    // Links to folders are common where a large data set is put together from several disks.
    if (entry.isDirectory() || (entry.isSymbolicLink() && (await isFolder(join(folder, entry.name)))))
      names.push(entry.name);
  }
  if (names.length === 0) {
    const flat = entries.some(({ name }) => IMAGE.test(name));
    throw new TersorError('DATASET_INVALID', `${folder} has no class folders${flat ? ', but images' : ''}.`, {
      hint: flat
        ? 'Put the images of each class into a folder, or name a list file with a line "image.jpg class" per image.'
        : 'It should hold <class>/<image>.jpg.',
    });
  }
  return names.sort();
}

/**
 * Reads a file with one class name per line, in the order of the model's outputs. Throws `DATASET_INVALID`
 * when it is missing or has fewer than two names or one twice.
 */
export async function readClassNames(file: string): Promise<string[]> {
  const names = (await readLines(file)).map(({ text }) => text);
  const seen = new Map<string, number>();
  names.forEach((name, i) => {
    const before = seen.get(name);
    if (before !== undefined) {
      throw new TersorError(
        'DATASET_INVALID',
        `${file} names the class "${name}" twice, as number ${before} and ${i}.`,
        {
          hint: 'Use folder names, which are unique, not readable names: in ImageNet two classes are called "crane" and two "maillot".',
        },
      );
    }
    seen.set(name, i);
  });
  if (names.length < 2)
    throw new TersorError('DATASET_INVALID', `${file} names ${names.length} classes.`, {
      hint: 'It should hold one class name per line, at least two.',
    });
  return names;
}

/**
 * The images of a source: a folder of class folders, or a list file. Throws `DATASET_INVALID`, with the file
 * and what to do, for all that does not fit.
 */
export async function readEntries(source: string, classNames: readonly string[]): Promise<ImageEntry[]> {
  const labels = new Map(classNames.map((name, label) => [name, label]));
  return (await isFolder(source)) ? folderEntries(source, labels) : listEntries(source, labels);
}

async function folderEntries(folder: string, labels: ReadonlyMap<string, number>): Promise<ImageEntry[]> {
  const entries: ImageEntry[] = [];
  for (const name of await classFolders(folder)) {
    const label = labels.get(name);
    if (label === undefined) {
      throw new TersorError(
        'DATASET_INVALID',
        `The folder ${join(folder, name)} is not one of the ${labels.size} classes.`,
        {
          hint: 'Remove the folder or add its name to the "classes" file. Without that file the classes are the folders of "train".',
        },
      );
    }
    const files = (await list(join(folder, name)))
      .map((entry) => entry.name)
      .filter((file) => IMAGE.test(file) && !file.startsWith('.'));
    if (files.length === 0) {
      throw new TersorError('DATASET_INVALID', `The class folder ${join(folder, name)} has no images.`, {
        hint: 'Files that end in .jpg, .jpeg or .png are read. Remove the folder if the class has none.',
      });
    }
    for (const file of files.sort())
      entries.push({ path: join(folder, name, file), key: `${name}/${file}`, label });
  }
  return entries;
}

async function listEntries(file: string, labels: ReadonlyMap<string, number>): Promise<ImageEntry[]> {
  const present = new Map<string, Set<string>>();
  const entries: ImageEntry[] = [];
  for (const { text, number } of await readLines(file)) {
    const where = `${file}, line ${number}`;
    const match = LIST_LINE.exec(text);
    if (!match)
      throw new TersorError(
        'DATASET_INVALID',
        `${where}: "${text}" does not name a .jpg, .jpeg or .png file.`,
        { hint: 'A line is "path/image.jpg" or "path/image.jpg class".' },
      );
    const key = match[1]!.replaceAll('\\', '/');
    const path = resolve(dirname(file), key);
    const folder = dirname(path);
    // One look into each folder, not one at each of a million files.
    let names = present.get(folder);
    if (!names) present.set(folder, (names = new Set((await list(folder, where)).map(({ name }) => name))));
    if (!names.has(basename(path)))
      throw new TersorError('DATASET_INVALID', `${where}: ${path} does not exist.`, { hint: LIST_PATHS });
    entries.push({ path, key, label: labelOf(match[2] ?? basename(folder), labels, where) });
  }
  if (entries.length === 0)
    throw new TersorError('DATASET_INVALID', `${file} lists no images.`, {
      hint: 'It should hold a line "path/image.jpg" or "path/image.jpg class" per image.',
    });
  return entries;
}

/** A class's name, or else its index. */
function labelOf(name: string, labels: ReadonlyMap<string, number>, where: string): number {
  const label = labels.get(name) ?? (/^\d+$/.test(name) ? Number(name) : undefined);
  if (label === undefined || label >= labels.size) {
    throw new TersorError(
      'DATASET_INVALID',
      `${where}: "${name}" is neither one of the ${labels.size} classes nor an index from 0 to ${labels.size - 1}.`,
      {
        hint: "After the path comes the class's name or index; without one, the folder that the image lies in names it.",
      },
    );
  }
  return label;
}

async function readLines(file: string): Promise<{ text: string; number: number }[]> {
  let content: string;
  try {
    content = await readFile(file, 'utf8');
  } catch (cause) {
    throw new TersorError('DATASET_INVALID', `${file} cannot be read.`, { cause, hint: SOURCE_PATHS });
  }
  const lines = content.replace(/^\uFEFF/, '').split('\n');
  return lines.map((line, i) => ({ text: line.trim(), number: i + 1 })).filter(({ text }) => text !== '');
}

async function list(folder: string, where?: string) {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (cause) {
    throw new TersorError(
      'DATASET_INVALID',
      where ? `${where}: the folder ${folder} cannot be read.` : `The folder ${folder} cannot be read.`,
      { cause, hint: where ? LIST_PATHS : SOURCE_PATHS },
    );
  }
}
