import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TersorError } from '@tersor/core';
import { writeFolder } from './write-folder.js';

let root: string;
let folder: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tersor-write-folder-'));
  folder = join(root, 'model');
});
afterEach(() => rm(root, { recursive: true }));

const fill = (staging: string) => writeFile(join(staging, 'model.json'), 'new');

it('moves in only what was written now, not what a killed process with the same id has left', async () => {
  const left = `${folder}.tmp-${process.pid}`;
  await mkdir(left);
  await writeFile(join(left, 'weights.bin'), 'of another network');
  await writeFolder(folder, { last: 'model.json', what: 'The model' }, fill);
  expect(await readdir(folder)).toEqual(['model.json']);
});

it('replaces the files that it writes, and keeps others', async () => {
  const write = (text: string) =>
    writeFolder(folder, { last: 'model.json', what: 'The model' }, async (staging) => {
      await writeFile(join(staging, 'model.json'), text);
      await writeFile(join(staging, `${text}.bin`), text);
    });
  await write('a');
  await write('b');
  expect((await readdir(folder)).sort()).toEqual(['a.bin', 'b.bin', 'model.json']);
  expect(await readFile(join(folder, 'model.json'), 'utf8')).toBe('b');
  expect(await readdir(root)).toEqual(['model']);
});

it('leaves the folder as it was, and nothing beside it, when writing fails', async () => {
  await writeFolder(folder, { last: 'model.json', what: 'The model' }, fill);
  const failing = writeFolder(folder, { last: 'model.json', what: 'The model' }, async (staging) => {
    await writeFile(join(staging, 'model.json'), 'half');
    throw new Error('disk full');
  });
  await expect(failing).rejects.toMatchObject({
    code: 'OUTPUT_FAILED',
    message: `The model cannot be written to ${folder}: disk full`,
  });
  expect(await readFile(join(folder, 'model.json'), 'utf8')).toBe('new');
  expect(await readdir(root)).toEqual(['model']);
});

const failed = (code: string) =>
  new TersorError('PLUGIN_FAILED', 'some (format "some") threw in write', {
    cause: Object.assign(new Error(`${code}: no luck, write`), { code }),
  });

it.each([
  ['ENOSPC', 'OUTPUT_FAILED', /^The model cannot be written to .*model: ENOSPC: no luck, write$/],
  ['EROFS', 'OUTPUT_FAILED', /EROFS/],
  ['ERR_INVALID_ARG_TYPE', 'PLUGIN_FAILED', /threw in write/],
])('blames the disk and not the format for %s: %s', async (code, expected, message) => {
  const writing = writeFolder(folder, { last: 'model', what: 'The model' }, async (staging) => {
    await writeFile(join(staging, 'weights'), 'half');
    throw failed(code);
  });
  await expect(writing).rejects.toMatchObject({
    code: expected,
    message: expect.stringMatching(message) as string,
  });
  expect(await readdir(root)).toEqual([]);
});
