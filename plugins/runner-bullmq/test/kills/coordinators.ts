import { openRegistry } from '../../src/registry.js';
import { connect, type JobQueue } from '../../src/server/connect.js';
import type { TrialJob } from '../../src/jobs.js';
import { beginnings, coordinate } from '../synthetic-study.js';
import { TRIALS, until, type KillKind, type KillRig } from './rig.js';

/** A study is stopped, or handed out twice. */
export function killCoordinators(rig: KillRig, has: KillKind): void {
  const { check, worker, begun, hold, letGo, saved, requireSame } = rig;

  check('a coordinator that is stopped, and another one', async () => {
    await hold();
    worker();
    const stop = new AbortController();
    const running = coordinate(rig.study, rig.where, { signal: stop.signal });
    await saved();
    stop.abort();
    await expect(running).rejects.toMatchObject({ code: 'INTERRUPTED' });
    const before = await beginnings(rig.study);
    await letGo();
    requireSame(await coordinate(rig.study, rig.where));
    const again = (await beginnings(rig.study)).slice(before.length).filter(({ from }) => from > 0);
    expect(again.length).toBeGreaterThanOrEqual(1);
  });

  check('two coordinators', async () => {
    worker();
    const first = coordinate(rig.study, rig.where);
    await begun();
    await expect(coordinate(rig.study, rig.where)).rejects.toMatchObject({ code: 'OUTPUT_LOCKED' });
    requireSame(await first);
    requireSame(await coordinate(rig.study, rig.where));
    expect(await beginnings(rig.study)).toHaveLength(TRIALS);
  });

  if (has.queue)
    check('a duplicate enqueue', async () => {
      // Both hand out the same trials at the same time: neither sees that the other one is there.
      const running = [1, 2].map(() => coordinate(rig.study, rig.where, { hasLock: false }));
      const { queue, close } = await onlyQueue(rig.where.url!);
      try {
        await until(async () => (await queue.getWaitingCount()) === TRIALS);
        const jobs = await queue.getWaiting();
        for (const { id, data } of jobs) await queue.add('trial', data, { jobId: id! });
        expect(await queue.getWaitingCount()).toBe(TRIALS);
        // Under another name it is another job: it runs, and nobody asks for what it did.
        await queue.add('trial', jobs[0]!.data, { jobId: 'by-hand' });
        worker();
        for (const results of await Promise.all(running)) requireSame(results);
        await until(async () => (await queue.getJob('by-hand'))?.finishedOn !== undefined);
        const before = await beginnings(rig.study);
        const times = new Map<string, number>();
        for (const { agent, seed } of before)
          times.set(`${agent} ${seed}`, (times.get(`${agent} ${seed}`) ?? 0) + 1);
        // All but the one by hand have run once; its lease may be lost while the reports are written.
        expect([...times.values()].sort().slice(0, -1)).toEqual(Array(TRIALS - 1).fill(1));
        requireSame(await coordinate(rig.study, rig.where));
        expect(await beginnings(rig.study)).toEqual(before);
      } finally {
        await close();
      }
    });
}

/** The queue of the only study, once it is there. */
async function onlyQueue(url: string): Promise<{ queue: JobQueue<TrialJob>; close: () => Promise<void> }> {
  const server = await connect(url, 'tersor');
  const registry = openRegistry(server);
  await until(async () => (await registry.lanes()).length === 1);
  const [lane] = await registry.lanes();
  return { queue: server.queue<TrialJob>(lane!.queue), close: server.close };
}
