import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CONFIG_FOLDER } from '@tersor/compression';
import { memoryPlace } from '@tersor/testing';
import { inLocalFolder } from './local-folder.js';

test('brings back what a trial wrote, but not where its config was on this machine', async () => {
  const place = memoryPlace();
  await place.put('checkpoint/000001.ckpt', Buffer.from('state'));
  await inLocalFolder(place, async (folder) => {
    for (const name of ['summary.json', CONFIG_FOLDER]) await writeFile(join(folder, name), '{}');
  });
  expect(await place.list()).toEqual(['checkpoint/000001.ckpt', 'summary.json']);
});
