import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { storeRules } from '../../test/store-rules.js';
import { CREDENTIALS } from '../../test/swift.js';
import { createStore } from './open-store.js';

describe('a store in a folder', () => {
  let folder: string;
  beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'tersor-store-'))));
  afterAll(() => rm(folder, { recursive: true }));
  storeRules(() => join(folder, 'store'));
});

describe('the address of a store in object storage', () => {
  it.each([
    ['s3://', /names no bucket/],
    ['s3://key:secret@bucket/x', /^The store s3:\/\/bucket\/x holds credentials/],
    ['s3://bucket/x?path=1', /has the option "path"; there are endpoint and region/],
    ['s3://bucket/100%', /has a % in its path/],
    ['s3://bucket/x?endpoint=minio:9000', /has an endpoint that is not http/],
    ['s3://bucket/x?endpoint=http://127.0.0.1:1', /cannot be reached: .*ECONNREFUSED/],
  ])('%s is refused with a reason', async (address, message) => {
    Object.assign(process.env, CREDENTIALS);
    await expect(createStore(address)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringMatching(message),
    });
  });
});
