import { mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkpointStore } from './checkpoint.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tersor-checkpoint-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('checkpointStore', () => {
  const config = { seed: 1, output: 'a', prune: { agent: { use: 'ddpg' } } };
  const store = (given: object = config) => checkpointStore<unknown>(join(folder, 'checkpoint'), given);

  it('gives the newest state back, typed arrays and all, and keeps two files', async () => {
    expect(await store().load()).toBeUndefined();
    for (let i = 0; i < 4; i++) await store().save({ i, weights: [Float32Array.of(i)] });
    expect(await store().load()).toEqual({ i: 3, weights: [Float32Array.of(3)] });
    expect(await readdir(join(folder, 'checkpoint'))).toEqual(['000003.ckpt', '000004.ckpt']);
  });

  it('falls back to the one before a damaged one and names it', async () => {
    await store().save('first');
    await store().save('second');
    await truncate(join(folder, 'checkpoint/000002.ckpt'), 40);
    const damaged: string[] = [];
    expect(await store().load((file) => damaged.push(file))).toBe('first');
    expect(damaged).toEqual([join(folder, 'checkpoint/000002.ckpt')]);
  });

  it('refuses another config and names the difference', async () => {
    await store().save(1);
    await expect(store({ ...config, prune: { agent: { use: 'ppo' } } }).load()).rejects.toMatchObject({
      code: 'CHECKPOINT_MISMATCH',
      message: expect.stringContaining('"prune.agent.use" was "ddpg" and is now "ppo"'),
    });
  });

  it('does not mind another output folder', async () => {
    await store().save(1);
    expect(await store({ ...config, output: 'b' }).load()).toBe(1);
  });

  it('says when it cannot write', async () => {
    await writeFile(join(folder, 'checkpoint'), 'a file');
    await expect(store().save(1)).rejects.toMatchObject({ code: 'OUTPUT_FAILED', hint: expect.stringContaining('--resume') });
  });
});
