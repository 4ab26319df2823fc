import { setTimeout as delay } from 'node:timers/promises';
import { beginnings, coordinate } from '../synthetic-study.js';
import { ended, LOSING, saidBy, TRIALS, until, type KillKind, type KillRig } from './rig.js';

/** What is killed or stopped is a process: a worker, its child, the coordinator. */
export function killProcesses(rig: KillRig, has: KillKind): void {
  const { check, worker, start, begun, hold, letGo, saved, requireSame } = rig;

  if (has.queue)
    check('kill -9 of a worker', async () => {
      await hold();
      const doomed = start('worker');
      const running = coordinate(rig.study, rig.where, LOSING);
      await saved();
      doomed.kill('SIGKILL');
      await letGo();
      worker();
      requireSame(await running);
      // They went on from where they were, not from the beginning.
      const again = (await beginnings(rig.study)).filter(({ from }) => from > 0);
      expect(again.length).toBeGreaterThanOrEqual(1);
    });

  check('kill -9 of the child of a worker', async () => {
    await hold();
    worker();
    const notices: string[] = [];
    const running = coordinate(rig.study, rig.where, { onNotice: (text) => notices.push(text) });
    await saved();
    const { pid } = (await beginnings(rig.study)).at(-1)!;
    process.kill(pid, 'SIGKILL');
    await letGo();
    requireSame(await running);
    expect(notices.join('\n')).toMatch(/failed and is run again \(retry 1 of 1\): ended by SIGKILL/);
  });

  check('kill -9 of the coordinator', async () => {
    await hold();
    worker();
    const doomed = start('coordinator');
    await saved();
    doomed.kill('SIGKILL');
    await ended(doomed);
    await letGo();
    requireSame(await coordinate(rig.study, rig.where));
    // Workers went on meanwhile: no trial was begun twice.
    if (rig.where.url !== undefined) expect(await beginnings(rig.study)).toHaveLength(TRIALS);
  });

  check('a stopped process that goes on after its lease', async () => {
    const stopped = start(rig.where.url === undefined ? 'coordinator' : 'worker');
    if (rig.where.url === undefined) {
      await begun(2);
      stopped.kill('SIGSTOP');
      await delay(3000);
      stopped.kill('SIGCONT');
      await ended(stopped);
      return requireSame(await coordinate(rig.study, rig.where));
    }
    await hold();
    const running = coordinate(rig.study, rig.where, LOSING);
    await begun(2);
    stopped.kill('SIGSTOP');
    await letGo();
    worker();
    requireSame(await running);
    stopped.kill('SIGCONT');
    await until(async () => /the lease was lost/.test(stopped.said()), stopped.said);
    requireSame(await coordinate(rig.study, rig.where));
    // On a busy machine another lease may be lost, too.
    expect((await beginnings(rig.study)).length).toBeGreaterThanOrEqual(TRIALS + 2);
  });

  check('a trial that crashes each time', async () => {
    worker();
    process.env['SYNTHETIC_POISON'] = 'ddpg 2';
    const error: unknown = await coordinate(rig.study, rig.where).catch((cause: unknown) => cause);
    delete process.env['SYNTHETIC_POISON'];
    expect(saidBy(error)).toMatch(/ended by SIGKILL/);
    // The others have run, and this one as often as it was to.
    const begun = (await beginnings(rig.study)).filter(({ agent, seed }) => agent === 'ddpg' && seed === 2);
    expect([begun.length, (await beginnings(rig.study)).length]).toEqual([2, TRIALS + 1]);
    requireSame(await coordinate(rig.study, rig.where));
  });

  if (has.queue)
    check('trials that take their worker along each time', async () => {
      await hold();
      const doomed = start('worker');
      const running = coordinate(rig.study, rig.where, {
        retries: 0,
        changes: { ...LOSING.changes, retakes: 0 },
      });
      await begun(2);
      doomed.kill('SIGKILL');
      await letGo();
      worker();
      const outcome: unknown = await running.catch((cause: unknown) => cause);
      expect(saidBy(outcome)).toMatch(/workers that ran it were lost again and again/);
      requireSame(await coordinate(rig.study, rig.where));
    });
}
