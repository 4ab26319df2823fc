import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createStore, openStore } from '../src/store/open-store.js';
import type { TrialStore } from '../src/store/trial-store.js';

const bytes = (text: string) => Buffer.from(text);
const hashOf = (content: Uint8Array) => createHash('sha256').update(content).digest('hex');

/** What holds of every store. */
export function storeRules(at: () => string): void {
  let folder: string;
  let store: TrialStore;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tersor-store-'));
    store = await createStore(at());
  });
  afterEach(() => rm(folder, { recursive: true }));
  const read = async (name: string) => {
    const content = await store.attempt('job', '000001-a').get(name);
    return content && Buffer.from(content).toString();
  };

  it('gives the last of what an attempt has put, and nothing where nothing was', async () => {
    const place = store.attempt('job', '000001-a');
    expect(await read('a.json')).toBeUndefined();
    await place.put('a.json', bytes('old'));
    await place.put('a.json', bytes('new'));
    await place.put('empty', bytes(''));
    expect([await read('a.json'), await read('empty')]).toEqual(['new', '']);
    await store.forget('job');
  });

  it('lists the files of an attempt below a folder, and removes them', async () => {
    const place = store.attempt('job', '000001-a');
    for (const name of ['b/2', 'b/c/1', 'a', 'bc']) await place.put(name, bytes(name));
    expect(await place.list()).toEqual(['a', 'b/2', 'b/c/1', 'bc']);
    expect(await place.list('b')).toEqual(['b/2', 'b/c/1']);
    await place.remove('b');
    await place.remove('b');
    expect(await place.list()).toEqual(['a', 'bc']);
    await place.remove('.');
    expect(await place.list()).toEqual([]);
  });

  it.each(['../a', '/a', 'b/../../a'])('refuses the name %s', async (name) => {
    const place = store.attempt('job', '000001-a');
    await expect(place.put(name, bytes('x'))).rejects.toMatchObject({ code: 'OUTPUT_FAILED' });
    await expect(place.get(name)).rejects.toMatchObject({ code: 'OUTPUT_FAILED' });
  });

  it('names the attempts at a trial, oldest first, until it is forgotten', async () => {
    for (const attempt of ['000002-b', '000000-x', '000001-a'])
      await store.attempt('job', attempt).put('checkpoint/1', bytes(attempt));
    await store.attempt('job-2', '000001-z').put('a', bytes('of another trial'));
    expect(await store.attempts('job')).toEqual(['000000-x', '000001-a', '000002-b']);
    await store.forget('job');
    expect(await store.attempts('job')).toEqual([]);
    expect(await store.attempts('job-2')).toEqual(['000001-z']);
    await store.forget('job-2');
  });

  it('gives a file back by its content, however often it was brought, and says where there is none', async () => {
    const content = bytes(`weights of ${at()}`);
    await writeFile(join(folder, 'weights.bin'), content);
    const hash = hashOf(content);
    await Promise.all([1, 2].map(() => store.bring(join(folder, 'weights.bin'), hash)));
    await store.fetch(hash, join(folder, 'there/weights.bin'));
    expect(await readFile(join(folder, 'there/weights.bin'))).toEqual(content);
    await expect(store.fetch(hashOf(bytes('none')), join(folder, 'there/none'))).rejects.toThrow();
    expect(await readdir(join(folder, 'there'))).toEqual(['weights.bin']);
  });

  it('keeps a checkpoint and an input of 20 MB as they are', async () => {
    const content = Buffer.alloc(20_000_000, 'a large checkpoint');
    await store.attempt('job', '000001-a').put('checkpoint/000001.ckpt', content);
    const back = await store.attempt('job', '000001-a').get('checkpoint/000001.ckpt');
    expect(Buffer.compare(content, back!)).toBe(0);
    await writeFile(join(folder, 'large'), content);
    await store.bring(join(folder, 'large'), hashOf(content));
    await store.fetch(hashOf(content), join(folder, 'back'));
    expect(hashOf(await readFile(join(folder, 'back')))).toBe(hashOf(content));
    await store.forget('job');
  });

  it('has one name for all who open it, and is not taken for another one', async () => {
    expect((await createStore(at())).id).toBe(store.id);
    expect((await openStore(at(), store.id)).id).toBe(store.id);
    await expect(openStore(at(), 'another-id')).rejects.toThrow('it is another one');
  });
}
