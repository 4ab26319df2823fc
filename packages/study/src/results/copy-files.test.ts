import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FilePlace } from '@tersor/core';
import { copyFiles, replaceFiles } from './copy-files.js';
import { folderPlace } from './folder-place.js';

let folder: string;
let from: FilePlace;
let into: FilePlace;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tersor-copy-'));
  [from, into] = [folderPlace(join(folder, 'from')), folderPlace(join(folder, 'into'))];
});
afterEach(() => rm(folder, { recursive: true }));
const fill = async (place: FilePlace, ...names: string[]) => {
  for (const name of names) await place.put(name, Buffer.from(`${name} of ${place.folder}`));
};

it('writes what marks results as complete last, and leaves locks alone', async () => {
  await fill(from, 'a', 'summary.json', 'trial.json', 'z/z', '.lock');
  const put: string[] = [];
  const noted = { ...into, put: async (name: string) => void put.push(name) };
  await copyFiles(from, noted);
  expect(put).toEqual(['a', 'z/z', 'summary.json', 'trial.json']);
});

it('removes what only the target has, but not for a place that has lost its files', async () => {
  await fill(into, 'old', '.lock');
  expect(await replaceFiles(from, into)).toBe(false);
  expect(await into.list()).toEqual(['.lock', 'old']);
  await fill(from, 'new');
  expect(await replaceFiles(from, into)).toBe(true);
  expect(await into.list()).toEqual(['.lock', 'new']);
});

it('says where a file was gone meanwhile, and writes no mark then', async () => {
  await fill(from, 'a', 'summary.json');
  const changing = { ...from, get: async (name: string) => (name === 'a' ? undefined : from.get(name)) };
  expect(await copyFiles(changing, into)).toBeUndefined();
  expect(await into.list()).toEqual([]);
});
