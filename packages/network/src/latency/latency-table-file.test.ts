import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LatencyTable } from '@tersor/core';
import { writeLatencyTable } from './latency-table-file.js';

const TABLE: LatencyTable = {
  version: 1,
  model: { name: 'tiny', fingerprint: '00' },
  backend: 'cpu',
  machine: 'a machine',
  versions: {},
  details: {},
  images: 1,
  transfer: 0,
  layers: [],
  check: [],
};

describe('writeLatencyTable', () => {
  let folder: string;
  beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'tersor-latency-file-'))));
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('leaves one file', async () => {
    await writeLatencyTable(join(folder, 'latency.json'), TABLE);
    expect(await readdir(folder)).toEqual(['latency.json']);
  });

  it('leaves what was there, and nothing of its own, where it fails', async () => {
    // A folder with something in it is what no file can be renamed to, whoever runs this.
    const taken = join(folder, 'latency.json');
    await mkdir(taken);
    await writeFile(join(taken, 'inside'), '');
    await expect(writeLatencyTable(taken, TABLE)).rejects.toMatchObject({
      code: 'OUTPUT_FAILED',
      message: expect.stringContaining(taken),
    });
    expect(await readdir(folder)).toEqual(['latency.json']);
    expect(await readdir(taken)).toEqual(['inside']);
  });

  it('says why where the folder does not exist', async () => {
    await expect(writeLatencyTable(join(folder, 'none/latency.json'), TABLE)).rejects.toMatchObject({
      code: 'OUTPUT_FAILED',
      message: expect.stringContaining('ENOENT'),
    });
  });
});
