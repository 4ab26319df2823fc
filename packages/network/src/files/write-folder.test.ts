import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TersorError } from '@tersor/core';
import { writeFolder } from './write-folder.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tersor-write-folder-'));
});
afterEach(() => rm(folder, { recursive: true }));

const failed = (code: string) =>
  new TersorError('PLUGIN_FAILED', 'some (format "some") threw in write', {
    cause: Object.assign(new Error(`${code}: no luck, write`), { code }),
  });

it.each([
  ['ENOSPC', 'OUTPUT_FAILED', /^The model cannot be written to .*net: ENOSPC: no luck, write$/],
  ['EROFS', 'OUTPUT_FAILED', /EROFS/],
  ['ERR_INVALID_ARG_TYPE', 'PLUGIN_FAILED', /threw in write/],
])('blames the disk and not the format for %s: %s', async (code, expected, message) => {
  const target = join(folder, 'net');
  const writing = writeFolder(target, { last: 'model', what: 'The model' }, async (staging) => {
    await writeFile(join(staging, 'weights'), 'half');
    throw failed(code);
  });
  await expect(writing).rejects.toMatchObject({
    code: expected,
    message: expect.stringMatching(message) as string,
  });
  expect(await readdir(folder)).toEqual([]);
});
