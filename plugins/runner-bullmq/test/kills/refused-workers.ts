import { beginnings, coordinate, offer } from '../synthetic-study.js';
import { until, type KillKind, type KillRig } from './rig.js';

/** Workers that would come to other results take nothing. */
export function refuseWorkers(rig: KillRig, has: KillKind): void {
  const { check, worker, requireSame } = rig;

  if (has.queue)
    check('a worker of another version', async () => {
      const said: string[] = [];
      const heard: string[] = [];
      const versions = { ...offer.versions, tersor: '0.9.0' };
      worker({ offered: { ...offer, name: 'old', versions }, onNotice: (text) => said.push(text) });
      const running = coordinate(rig.study, rig.where, { onNotice: (text) => heard.push(text) });
      const why = 'the study has tersor 1.2.3, the worker 0.9.0';
      await until(async () => said.join().includes(why) && heard.join().includes(`old: ${why}`));
      expect(await beginnings(rig.study)).toEqual([]);
      worker();
      requireSame(await running);
    });

  check('a worker with other plugins or data', async () => {
    const said: string[] = [];
    process.env['SYNTHETIC_VERSION'] = '1.2.2';
    worker({ offered: { ...offer, name: 'odd' }, onNotice: (text) => said.push(text) });
    const running = coordinate(rig.study, rig.where, { retries: 0 }).catch((error: unknown) => error);
    const why = 'Tersor was 1.2.3 and is now 1.2.2';
    try {
      if (rig.where.url !== undefined) await until(async () => said.join().includes(why));
      else expect(JSON.stringify(await running)).toContain(why);
    } finally {
      delete process.env['SYNTHETIC_VERSION'];
    }
    worker();
    await running;
    requireSame(await coordinate(rig.study, rig.where));
  });
}
