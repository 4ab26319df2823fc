import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FilePlace } from '@tersor/core';
import { memoryPlace } from '@tersor/testing';
import { folderPlace } from './folder-place.js';

describe.each(['folder', 'memory'])('a %s', (kind) => {
  let folder: string;
  let place: FilePlace;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tersor-place-'));
    place = kind === 'folder' ? folderPlace(join(folder, 'out')) : memoryPlace();
  });
  afterEach(() => rm(folder, { recursive: true }));
  const put = (name: string, text: string) => place.put(name, Buffer.from(text));
  const text = async (name: string) => {
    const content = await place.get(name);
    return content && Buffer.from(content).toString();
  };

  test('gets what was put last, and undefined for a missing name', async () => {
    expect(await place.list()).toEqual([]);
    expect(await text('a.json')).toBeUndefined();
    await put('a.json', 'old');
    await put('a.json', 'new');
    expect(await text('a.json')).toBe('new');
    expect(await text('a.json/b')).toBeUndefined();
  });

  test('lists names below a folder, and removes a folder with all its files', async () => {
    for (const name of ['b/2', 'b/c/1', 'a', 'bc']) await put(name, name);
    expect(await place.list()).toEqual(['a', 'b/2', 'b/c/1', 'bc']);
    expect(await place.list('b')).toEqual(['b/2', 'b/c/1']);
    await place.remove('b');
    await place.remove('b');
    expect(await place.list()).toEqual(['a', 'bc']);
  });

  test.each(['../a', '/a', 'b/../../a'])('refuses the name %s', async (name) => {
    await expect(put(name, 'x')).rejects.toMatchObject({ code: 'OUTPUT_FAILED' });
    await expect(place.get(name)).rejects.toMatchObject({ code: 'OUTPUT_FAILED' });
  });
});

test('a failed write leaves no file behind', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tersor-place-'));
  try {
    await mkdir(join(folder, 'results.json/inside'), { recursive: true });
    await expect(folderPlace(folder).put('results.json', Buffer.from('{}'))).rejects.toMatchObject({
      code: 'OUTPUT_FAILED',
      message: expect.stringContaining(join(folder, 'results.json')),
    });
    expect(await readdir(folder)).toEqual(['results.json']);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('a partly written file is not listed', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tersor-place-'));
  try {
    await writeFile(join(folder, 'summary.json.tmp-12'), '{');
    expect(await folderPlace(folder).list()).toEqual([]);
  } finally {
    await rm(folder, { recursive: true });
  }
});
