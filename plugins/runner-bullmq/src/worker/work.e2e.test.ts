import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describeWith } from '../../test/describe-with.js';
import { lane as described } from '../../test/lane.js';
import { postgres, redis, type TestServer } from '../../test/servers.js';
import { offer } from '../../test/synthetic-study.js';
import type { Lane } from '../jobs.js';
import { openRegistry } from '../registry.js';
import { connect, type QueueServer } from '../server/connect.js';
import { createFolderStore } from '../store/folder-store.js';
import { hashOf } from '../store/hash-of.js';
import { work } from './work.js';

const CONCURRENCY = 4;
const QUEUES = 40;
const TRIAL = JSON.stringify({ id: 'abc', config: {}, inputs: {} });

for (const [name, kind] of Object.entries({ redis, postgres }))
  describeWith(kind, `a worker over ${name}`, () => {
    let server: TestServer;
    let queues: QueueServer;
    let folder: string;
    beforeAll(async () => {
      server = await kind.start();
      queues = await connect(server.url, 'tersor');
      folder = await mkdtemp(join(tmpdir(), 'tersor-worker-'));
    });
    afterAll(async () => {
      await queues?.close();
      await server?.stop();
      if (folder) await rm(folder, { recursive: true, force: true });
    });

    it('takes as many trials at once as before when other queues have come and gone', async () => {
      const store = await createFolderStore(join(folder, 'store'));
      const inputs = join(folder, 'inputs.json');
      await writeFile(inputs, JSON.stringify({ directory: '.', files: {} }));
      const files = await hashOf(inputs);
      await store.bring(inputs, files);
      const registry = openRegistry(queues);
      const lane = (queue: string): Lane => ({
        ...described,
        queue,
        leaseMs: 60_000,
        store: { address: store.address, id: store.id },
      });

      const stop = new AbortController();
      let begun = 0;
      const run = async () => {
        if (++begun === CONCURRENCY) stop.abort();
        while (!stop.signal.aborted) await delay(5);
        return { status: 'interrupted' as const };
      };
      const own = await connect(server.url, 'tersor');
      const working = work({
        server: own,
        registry: openRegistry(own),
        pollMs: 1,
        store: store.address,
        offer,
        local: { id: 'at-once', concurrency: CONCURRENCY, run },
        cache: join(folder, 'cache'),
        signal: stop.signal,
        onNotice: () => undefined,
      });
      for (let i = 0; i < QUEUES; i++) {
        await registry.announce(lane(`lane-${i}`));
        await delay(20);
        await registry.withdraw(`lane-${i}`);
      }
      const last = queues.queue(`lane-${QUEUES}`);
      for (let i = 0; i < CONCURRENCY; i++) await last.add('trial', { trial: TRIAL, files });
      await registry.announce(lane(`lane-${QUEUES}`));
      await working;
      await own.close();
      expect(begun).toBe(CONCURRENCY);
    });
  });
