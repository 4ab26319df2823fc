import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { childProcessRunner } from '@tersor/study';
import { describeContract, runnerContract } from '@tersor/testing';
import { Redis } from 'ioredis';
import { describeWith } from '../test/describe-with.js';
import { postgres, redis, type TestServer } from '../test/servers.js';
import { identity, offer, queueOptions } from '../test/synthetic-study.js';
import { createBullmqRunner } from './index.js';
import { openRegistry } from './registry.js';
import { connect } from './server/connect.js';

const TRIAL = [process.execPath, join(__dirname, '../test/contract-trial.cjs')];

/** A runner with a worker beside it, which ends with it. */
async function withWorker(folder: string, { url }: TestServer) {
  const options = queueOptions({ folder }, { url }, { concurrency: 2 });
  const runner = await createBullmqRunner(options, folder);
  const taker = await createBullmqRunner(options, folder);
  const stop = new AbortController();
  const local = childProcessRunner({ command: TRIAL, concurrency: 2 });
  const cache = join(folder, 'cache');
  const working = taker.work!({ offer, local, cache, signal: stop.signal, onNotice: () => undefined });
  return {
    ...runner,
    dispose: async () => {
      await runner.dispose?.();
      stop.abort();
      await working;
      await taker.dispose?.();
    },
  };
}

for (const [name, kind] of Object.entries({ redis, postgres }))
  describeWith(kind, `the runner over ${name}`, () => {
    let server: TestServer;
    let folder: string;
    beforeAll(async () => {
      server = await kind.start();
      folder = await mkdtemp(join(tmpdir(), 'tersor-bullmq-'));
    });
    afterAll(async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    });
    describeContract(
      'BullMQ, with a program that stands for tersor',
      runnerContract(() => withWorker(folder, server), { identify: async () => identity }),
    );
  });

describeWith(redis, 'a server that is not as it should be', () => {
  let server: TestServer;
  beforeAll(async () => void (server = await redis.start()));
  afterAll(() => server?.stop());

  it('counts a worker as there whose clock is wrong, once it was heard of twice', async () => {
    const queues = await connect(server.url, 'clock');
    const registry = openRegistry(queues);
    const entry = { offer, trials: [], refused: {} };
    try {
      for (const hours of [-1, 1]) {
        const seen = Date.now() + hours * 3600_000;
        await registry.enter('late', { ...entry, seen });
        expect(await registry.workers()).toEqual([]);
        await registry.enter('late', { ...entry, seen: seen + 1000 });
        expect(await registry.workers()).toMatchObject([{ offer }]);
        await registry.leave('late');
        expect(await registry.workers()).toEqual([]);
      }
    } finally {
      await queues.close();
    }
  });

  it('says that it wants a password, or another one, without writing it', async () => {
    const admin = new Redis(server.url);
    await admin.config('SET', 'requirepass', 'right');
    admin.disconnect();
    await expect(connect(server.url, 'tersor')).rejects.toMatchObject({
      code: 'QUEUE_UNAVAILABLE',
      message: expect.stringContaining('NOAUTH'),
    });
    const error: unknown = await connect(server.url.replace('//', '//:wrong@'), 'tersor').catch(
      (e: unknown) => e,
    );
    expect(error).toMatchObject({ code: 'QUEUE_UNAVAILABLE', message: expect.stringContaining('WRONGPASS') });
    expect(String(error)).not.toContain(':wrong');
    await (await connect(server.url.replace('//', '//:right@'), 'tersor')).close();
  });
});

describe('createBullmqRunner', () => {
  it('says which server cannot be reached, without its password', async () => {
    const options = queueOptions({ folder: tmpdir() }, { url: 'redis://me:secret@127.0.0.1:1' });
    await expect(createBullmqRunner(options, tmpdir())).rejects.toMatchObject({
      code: 'QUEUE_UNAVAILABLE',
      message: expect.stringMatching(/^redis:\/\/me:\*\*\*@127\.0\.0\.1:1 cannot be reached/),
    });
  });

  it('takes a password from the environment, and says which variable is not set', async () => {
    const url = 'redis://me:${TERSOR_TEST_PASSWORD}@127.0.0.1:1';
    const open = () => createBullmqRunner(queueOptions({ folder: tmpdir() }, { url }), tmpdir());
    await expect(open()).rejects.toMatchObject({
      message: 'runner.url names the variable TERSOR_TEST_PASSWORD, which is not set.',
    });
    process.env['TERSOR_TEST_PASSWORD'] = 'a@b';
    await expect(open()).rejects.toMatchObject({
      message: expect.stringMatching(/^redis:\/\/me:\*\*\*@127\.0\.0\.1:1 cannot be reached/),
    });
    delete process.env['TERSOR_TEST_PASSWORD'];
  });

  it('refuses another kind of server in its options', () => {
    expect(() => queueOptions({ folder: tmpdir() }, { url: 'mysql://here' })).toThrow(/begins with redis:/);
  });
});
