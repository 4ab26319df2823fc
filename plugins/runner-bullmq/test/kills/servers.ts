import { execFileSync } from 'node:child_process';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canMount, fill, mount } from '../small-disk.js';
import { coordinate } from '../synthetic-study.js';
import { saidBy, type KillKind, type KillRig } from './rig.js';

/** What goes away for a while is a server, or the room on the store's disk. */
export function killServers(rig: KillRig, has: KillKind): void {
  const { check, worker, begun, requireSame } = rig;

  if (has.queue)
    check('a server that is restarted', async () => {
      worker();
      const running = coordinate(rig.study, rig.where);
      await begun(2);
      await rig.server!.restart();
      requireSame(await running);
    });

  if (has.objects)
    check('object storage that is restarted', async () => {
      worker();
      const running = coordinate(rig.study, rig.where);
      await begun(2);
      await rig.storage!.restart();
      requireSame(await running);
    });

  const canMakeSmall = canMount();
  const fullStore = async () => {
    const small = join(rig.study.folder, 'small');
    await mkdir(small);
    mount(small);
    rig.atEnd(async () => void execFileSync('umount', ['-l', small]));
    const disk = rig.where.url === undefined ? { ...rig.study, output: join(small, 'out') } : rig.study;
    rig.moveStore(join(small, 'store'));
    worker();
    // The store itself has room, the results have not.
    await mkdir(join(small, 'store/trials'), { recursive: true });
    await mkdir(join(small, 'out'), { recursive: true });
    await writeFile(join(small, 'store.txt'), 'x'.repeat(30_000));
    await fill(join(small, 'ballast'));
    await rm(join(small, 'store.txt'));
    const outcome = await coordinate(disk, rig.where, { retries: 0 }).catch((error: unknown) => error);
    expect(saidBy(outcome)).toMatch(/ENOSPC|no space|disk may be full/);
    await rm(join(small, 'ballast'));
    requireSame(await coordinate(disk, rig.where, { retries: 0 }));
  };
  if (!has.objects)
    check(
      `a store that is full${canMakeSmall ? '' : ' (no small disk can be mounted here)'}`,
      fullStore,
      canMakeSmall ? it : it.skip,
    );
}
