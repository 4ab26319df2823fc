import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { StudyResults } from '@tersor/study';
import { shellBlocks } from './doc-commands.js';
import { PROGRAM } from './program.js';
import { createTinyProject } from './tiny-project.js';

const PAGE = join(__dirname, '../../../docs/guide/cluster.md');
const SEEDS = [1, 2, 3];
const STUDY = `name: cluster
config: compress.yaml
set: { prune.finetune.epochs: 0, quantize.finetune.epochs: 0, prune.search.episodes: 3, quantize.search.episodes: 2 }
grid: { prune.budget.macs: [0.6] }
seeds: [${SEEDS.join()}]
output: out
`;

/** Network namespaces of their own: the server's, the study's, and those of two workers. */
const names = ['q', 's', 'a', 'b'].map((letter) => `t${process.pid}${letter}`);
const ip = (...args: string[]) => execFileSync('ip', args, { stdio: 'ignore' });

/** Why it cannot run here; empty where it can. */
function missing(): string {
  if (process.getuid?.() !== 0) return ' (skipped: not root)';
  if (!existsSync('/usr/bin/redis-server')) return ' (skipped: no /usr/bin/redis-server)';
  try {
    ip('netns', 'add', `${names[0]}x`);
    ip('netns', 'del', `${names[0]}x`);
    return '';
  } catch {
    return ' (skipped: no network namespaces can be made here)';
  }
}

const why = missing();

(why ? test.skip : test)(
  `docs/guide/cluster.md, word for word: a server, a study and two workers in a network each${why}`,
  async () => {
    const { folder } = await createTinyProject();
    const children: ChildProcess[] = [];
    const written = new Map<ChildProcess, string>();
    /** Runs a command of the page in a namespace; every machine has a home, and a folder where it works. */
    const start = async (namespace: string, command: string, cwd: string) => {
      const home = join(folder, `home-${namespace}`);
      await mkdir(home, { recursive: true });
      // The store lies on a disk that all see; here it is below this folder.
      const line = command.replace('/shared/store', join(folder, 'shared/store'));
      const env = { ...process.env, HOME: home, PATH: `${join(folder, 'bin')}:${process.env['PATH']}` };
      const child = spawn('ip', ['netns', 'exec', namespace, 'sh', '-c', `exec ${line}`], { cwd, env });
      children.push(child);
      written.set(child, '');
      for (const stream of [child.stdout, child.stderr])
        stream.on('data', (data) => written.set(child, written.get(child)! + String(data)));
      return child;
    };
    const ended = (child: ChildProcess) =>
      new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
    const until = async (child: ChildProcess, text: RegExp) => {
      while (!text.test(written.get(child)!)) {
        if (child.exitCode !== null || child.signalCode !== null)
          throw new Error(`It ended: ${written.get(child)}`);
        await delay(50);
      }
    };
    try {
      connectAll();
      const [queue, study, ...workers] = names as [string, string, string, string];
      await mkdir(join(folder, 'bin'));
      // `npx tersor`, from the sources of this checkout.
      const program = [process.execPath, ...PROGRAM].map((each) => `'${each}'`).join(' ');
      await writeFile(join(folder, 'bin/npx'), `#!/bin/sh\nshift\nexec ${program} "$@"\n`);
      await chmod(join(folder, 'bin/npx'), 0o755);
      await writeFile(join(folder, 'study.yaml'), STUDY);
      const server = await start(
        queue,
        '/usr/bin/redis-server --bind 10.77.0.1 --protected-mode no --save ""',
        folder,
      );
      await until(server, /Ready to accept connections/);

      const blocks = shellBlocks(PAGE, readFileSync(PAGE, 'utf8')).map(({ text }) => text.trim());
      const [install, enqueue, work, status] = blocks as [string, string, string, string];
      expect(install).toMatch(/^npm install /);
      const coordinator = await start(study, enqueue, folder);
      const working: ChildProcess[] = [];
      for (const name of workers) {
        const own = join(folder, `machine-${name}`);
        await mkdir(own);
        working.push(await start(name, work, own));
      }
      await Promise.any(working.map((worker) => until(worker, /has begun/)));
      const said = await start(study, status, folder);
      expect(await ended(said)).toBe(0);
      expect(written.get(said)).toMatch(/3 trials: \d done/);
      const code = coordinator.exitCode ?? (await ended(coordinator));
      expect({ code, said: written.get(coordinator) }).toMatchObject({ code: 0 });

      // The same on one machine.
      const alone = await start(study, 'npx tersor study study.yaml --out alone', folder);
      expect(await ended(alone)).toBe(0);
      const read = async (out: string, name: string) => readFile(join(folder, out, name), 'utf8');
      const { trials } = JSON.parse(await read('out', 'results.json')) as StudyResults;
      expect(trials.map(({ seed, status: how }) => [seed, how])).toEqual(SEEDS.map((seed) => [seed, 'done']));
      for (const { trial } of trials)
        for (const name of ['policy.json', 'model.tersor']) {
          const [there, here] = ['out', 'alone'].map((out) =>
            readFileSync(join(folder, out, 'trials', trial, name)),
          );
          expect(there!.equals(here!)).toBe(true);
        }
      // Model and data came to the workers' own disks: at least one of them has taken a trial.
      const caches = workers.map((name) => join(folder, `home-${name}/.cache/tersor/inputs/trees`));
      expect(caches.filter(existsSync).length).toBeGreaterThanOrEqual(1);
    } finally {
      for (const child of children.reverse()) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        const end = ended(child);
        child.kill('SIGTERM');
        await end;
      }
      for (const name of names) execFileSync('ip', ['netns', 'del', name], { stdio: 'ignore' });
      await rm(folder, { recursive: true, force: true });
    }
  },
);

/** A bridge in the first namespace, and a line to it from each of the others: 10.77.0.1 to 10.77.0.4. */
function connectAll(): void {
  for (const name of names) {
    ip('netns', 'add', name);
    ip('-n', name, 'link', 'set', 'lo', 'up');
  }
  const [queue, ...others] = names as [string, ...string[]];
  ip('-n', queue, 'link', 'add', 'br0', 'type', 'bridge');
  ip('-n', queue, 'addr', 'add', '10.77.0.1/24', 'dev', 'br0');
  ip('-n', queue, 'link', 'set', 'br0', 'up');
  others.forEach((name, at) => {
    ip('-n', queue, 'link', 'add', `v${at}`, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name);
    ip('-n', queue, 'link', 'set', `v${at}`, 'master', 'br0', 'up');
    ip('-n', name, 'addr', 'add', `10.77.0.${at + 2}/24`, 'dev', 'eth0');
    ip('-n', name, 'link', 'set', 'eth0', 'up');
  });
}
