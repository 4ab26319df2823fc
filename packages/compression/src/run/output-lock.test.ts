import { execFileSync, fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LockAnswer, LockRequest } from '../../test/lock-process.js';
import { lockOutput, requireStillHeld } from './output-lock.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tersor-lock-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));
const lock = () => join(folder, '.lock');
const locked = (pid: number | string) => ({
  code: 'OUTPUT_LOCKED',
  message: expect.stringContaining(`process ${pid} on ${hostname()}, since 20`),
});

const started: ChildProcess[] = [];
afterAll(() => started.forEach((child) => child.kill('SIGKILL')));

function startProcess(): ChildProcess {
  const child = fork(join(__dirname, '../../test/lock-process.ts'), {
    execArgv: [
      '--conditions=tersor/source',
      '--require',
      join(__dirname, '../../../../tools/read-sources.cjs'),
    ],
  });
  started.push(child);
  return child;
}

async function ask(child: ChildProcess, request: LockRequest): Promise<LockAnswer> {
  const answer = once(child, 'message') as Promise<[LockAnswer]>;
  child.send(request);
  return (await answer)[0];
}

describe('lockOutput in one process', () => {
  it('refuses a folder that is held, names who holds it since when, and gives it free again with nothing left', async () => {
    const release = await lockOutput(folder);
    await expect(lockOutput(folder)).rejects.toMatchObject(locked(process.pid));
    await release();
    expect(await readdir(folder)).toEqual([]);
    await (
      await lockOutput(folder)
    )();
  });

  it('sees that the folder was removed, or that another has it now; not that only the lock was', async () => {
    const place = join(folder, 'run');
    const release = await lockOutput(place);
    requireStillHeld(place);
    await rm(join(place, '.lock'));
    requireStillHeld(place);
    await rm(place, { recursive: true });
    expect(() => requireStillHeld(place)).toThrow(/run" was removed\.$/);
    expect(await ask(startProcess(), { do: 'lock', folder: place })).toEqual({});
    expect(() => requireStillHeld(place)).toThrow(/was removed, and another process has it now/);
    await release();
    expect(await readdir(place)).toEqual(['.lock']);
  });

  it('removes the folders that it made, unless something was put there', async () => {
    const release = await lockOutput(join(folder, 'a/b'));
    await writeFile(join(folder, 'a/mine.txt'), '');
    await release();
    expect(await readdir(join(folder, 'a'))).toEqual(['mine.txt']);
  });

  it('makes a folder again that its last owner removes at that moment', async () => {
    const path = join(folder, 'a');
    const ends = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const release = await lockOutput(path).catch((error: { code: string }) => error.code);
        if (typeof release === 'string') return release;
        await release();
        return 'held';
      }),
    );
    expect(ends).toContain('held');
    expect(new Set([...ends, 'OUTPUT_LOCKED'])).toEqual(new Set(['held', 'OUTPUT_LOCKED']));
    expect(await readdir(folder)).toEqual([]);
  });

  it.each([
    ['a process that is gone', '999999999'],
    ['nobody', ''],
    ['nonsense', 'nonsense'],
    [
      'this very process, which has the number of the one that was killed, as in a container',
      String(process.pid),
    ],
    [
      'the same, in the words of today',
      JSON.stringify({
        pid: process.pid,
        host: hostname(),
        since: '2026-01-01T00:00:00.000Z',
        heldBy: 'lock',
      }),
    ],
    ['a process that lives and is another program', String(process.ppid)],
  ])('takes over a lock file that names %s', async (_who, text) => {
    await writeFile(lock(), text);
    const release = await lockOutput(folder);
    await expect(lockOutput(folder)).rejects.toMatchObject(locked(process.pid));
    await release();
  });

  it('says when the folder cannot be made or written', async () => {
    await writeFile(join(folder, 'file'), '');
    for (const place of ['file', 'file/deep', 'a\0b', 'x'.repeat(300)]) {
      await expect(lockOutput(join(folder, place))).rejects.toMatchObject({
        code: 'OUTPUT_FAILED',
        hint: expect.stringContaining('--out'),
      });
    }
    await mkdir(join(folder, 'odd/.lock'), { recursive: true });
    await expect(lockOutput(join(folder, 'odd'))).rejects.toMatchObject({ code: 'OUTPUT_FAILED' });
  });

  (process.platform === 'linux' ? it.each(['/proc/x', '/sys/x', '/proc/self/x']) : it.skip.each(['']))(
    'refuses %s at once',
    async (place) => {
      await expect(lockOutput(place)).rejects.toMatchObject({
        code: 'OUTPUT_FAILED',
        message: expect.stringContaining(place),
      });
    },
  );

  (process.platform === 'win32' ? it.skip : it)('does not wait for a fifo in its place', async () => {
    execFileSync('mkfifo', [lock()]);
    await expect(lockOutput(folder)).rejects.toMatchObject({
      code: 'OUTPUT_FAILED',
      message: expect.stringContaining('not a regular file'),
    });
  });
});

describe('lockOutput among processes', () => {
  it('has exactly one owner in each of 12 rounds of 8 simultaneous starts on a stale lock', async () => {
    const children = Array.from({ length: 8 }, startProcess);
    await Promise.all(children.map((child) => ask(child, { do: 'release' })));
    for (let round = 0; round < 12; round++) {
      const place = join(folder, String(round));
      await mkdir(place);
      // In every other round the owner before has just given it free: its file may vanish under the others.
      if (round % 2 === 0) await writeFile(join(place, '.lock'), '999999999');
      const before = round % 2 === 0 ? undefined : await lockOutput(place);
      const at = Date.now() + 50;
      const answers = Promise.all(children.map((child) => ask(child, { do: 'lock', folder: place, at })));
      if (before) setTimeout(() => void before(), 50);
      const owners = (await answers)
        .map(({ error }, i) => (error === undefined ? children[i]!.pid : error))
        .filter((each) => each !== 'OUTPUT_LOCKED');
      if (round % 2 === 0) expect(owners).toEqual([expect.any(Number)]);
      else expect(owners.length).toBeLessThanOrEqual(1);
      if (owners.length === 1) await expect(lockOutput(place)).rejects.toMatchObject(locked(owners[0]!));
      await Promise.all(children.map((child) => ask(child, { do: 'release' })));
      expect(await readdir(place)).toEqual([]);
    }
  });

  it('is free at once when its owner is killed, even where a program that the owner started goes on', async () => {
    const owner = startProcess();
    const { spawned } = await ask(owner, { do: 'spawn' });
    await ask(owner, { do: 'lock', folder });
    const { spawned: later } = await ask(owner, { do: 'spawn' });
    await expect(lockOutput(folder)).rejects.toMatchObject(locked(owner.pid!));
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    try {
      await (
        await lockOutput(folder)
      )();
      for (const pid of [spawned!, later!]) expect(() => process.kill(pid, 0)).not.toThrow();
    } finally {
      for (const pid of [spawned!, later!]) process.kill(pid, 'SIGKILL');
    }
  });

  (process.platform === 'linux' ? it : it.skip)(
    'is free when its owner is a zombie, whom nobody has waited for',
    async () => {
      const script = `const { lockOutput } = require(${JSON.stringify(join(__dirname, 'output-lock.ts'))}); lockOutput(process.argv[1]).then(() => process.kill(process.pid, 'SIGKILL'))`;
      // The shell becomes `sleep`, which waits for no child.
      const command = `"$0" --conditions=tersor/source --require "$3" -e "$1" "$2" & echo $!; exec sleep 60`;
      const parent = spawn(
        'sh',
        [
          '-c',
          command,
          process.execPath,
          script,
          folder,
          join(__dirname, '../../../../tools/read-sources.cjs'),
        ],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      );
      started.push(parent);
      const pid = String((await once(parent.stdout, 'data'))[0]).trim();
      const state = () => /^State:\t(\w)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1];
      // Its first thread may be dead before the others are.
      while (state() !== 'Z' || readdirSync(`/proc/${pid}/task`).length > 1)
        await new Promise((resolve) => setTimeout(resolve, 20));
      expect(JSON.parse(readFileSync(lock(), 'utf8'))).toMatchObject({ pid: Number(pid) });
      await (
        await lockOutput(folder)
      )();
      expect(state()).toBe('Z');
    },
  );
});

describe('lockOutput where the operating system offers no locks', () => {
  it('holds a folder by its file, which an owner that was killed leaves to be removed by hand', async () => {
    const [owner, other] = [startProcess(), startProcess()];
    for (const child of [owner, other]) await ask(child, { do: 'unknown platform' });
    expect(await ask(owner, { do: 'lock', folder })).toEqual({});
    const refusal = {
      error: 'OUTPUT_LOCKED',
      message: expect.stringContaining(`process ${owner.pid} on`),
      hint: expect.stringContaining(`remove ${lock()}`),
    };
    expect(await ask(other, { do: 'lock', folder })).toMatchObject(refusal);
    await expect(lockOutput(folder)).rejects.toMatchObject({
      code: 'OUTPUT_LOCKED',
      hint: expect.stringContaining(`remove ${lock()}`),
    });
    await ask(owner, { do: 'release' });
    expect(await readdir(folder)).toEqual([]);
    await ask(owner, { do: 'lock', folder });
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    expect(await ask(other, { do: 'lock', folder })).toMatchObject(refusal);
    await rm(lock());
    expect(await ask(other, { do: 'lock', folder })).toEqual({});
  });
});
