import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeJson } from './study-store.js';

it('writeJson leaves nothing of its own where it fails', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tersor-store-'));
  try {
    const taken = join(folder, 'results.json');
    await mkdir(join(taken, 'inside'), { recursive: true });
    await expect(writeJson(taken, {})).rejects.toMatchObject({
      code: 'OUTPUT_FAILED',
      message: expect.stringContaining(taken),
    });
    expect(await readdir(folder)).toEqual(['results.json']);
  } finally {
    await rm(folder, { recursive: true });
  }
});
