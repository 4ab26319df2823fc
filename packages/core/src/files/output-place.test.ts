import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rm, rmdir, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { makeFolder, requireWritableFile, requireWritableFolder } from './output-place.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tersor-place-'));
  await writeFile(join(folder, 'file'), 'text');
  await symlink(join(folder, 'nowhere'), join(folder, 'dangling'));
  await symlink(join(folder, 'loop'), join(folder, 'loop'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));
const left = async () => (await readdir(folder)).sort();

const onLinux = process.platform === 'linux';
const refused: [string, () => string, RegExp][] = [
  ['a file', () => join(folder, 'file'), /file is not a (folder|regular file)|ENOTDIR/],
  ['a path below a file', () => join(folder, 'file/deep/er'), /file is not a folder|ENOTDIR/],
  ['a path with a NUL', () => join(folder, 'a\0b'), /null bytes/],
  ['a name that is too long', () => join(folder, 'x'.repeat(300)), /ENAMETOOLONG/],
  ['a name that leaves no room for the temporary ones', () => join(folder, 'x'.repeat(250)), /ENAMETOOLONG/],
  ['a path that is too long', () => join(folder, 'deep/'.repeat(2000)), /ENAMETOOLONG/],
  ['a link to itself', () => join(folder, 'loop/x'), /ELOOP/],
  ...(onLinux
    ? ([
        ['/proc', () => '/proc/x', /ENOENT/],
        ['a path below /proc', () => '/proc/x/y/z', /ENOENT/],
        ['/proc/self', () => '/proc/self/x', /ENOENT|EACCES/],
        ['/sys', () => '/sys/x/y', /EPERM|EACCES|EROFS/],
        ['a device', () => '/dev/null', /not a (folder|regular file)/],
        ['a path below a device', () => '/dev/null/x', /not a folder|ENOTDIR/],
      ] as [string, () => string, RegExp][])
    : []),
];

describe.each([
  ['requireWritableFolder', requireWritableFolder],
  ['requireWritableFile', requireWritableFile],
])('%s', (name, requireWritable) => {
  it.each(refused.filter(([what]) => what !== 'a file' || name === 'requireWritableFolder'))(
    'refuses %s at once',
    async (_what, path, reason) => {
      const before = await left();
      await expect(requireWritable(path(), '--there')).rejects.toMatchObject({
        code: 'OUTPUT_FAILED',
        message: expect.stringMatching(reason),
        hint: 'Choose another with --there.',
      });
      expect(await left()).toEqual(before);
    },
  );

  it('accepts a place that is not there yet, and leaves nothing behind', async () => {
    const before = await left();
    await requireWritable(join(folder, 'new/deep/model'));
    await requireWritable(join(folder, 'model'));
    expect(await left()).toEqual(before);
  });

  (onLinux ? it : it.skip)('refuses a fifo, which would block whoever opens it', async () => {
    execFileSync('mkfifo', [join(folder, 'fifo')]);
    await expect(requireWritable(join(folder, 'fifo'))).rejects.toMatchObject({
      code: 'OUTPUT_FAILED',
      message: expect.stringContaining('fifo'),
    });
  });

  (process.platform === 'win32' ? it.skip : it)('refuses a place in a folder that is read-only', async () => {
    await mkdir(join(folder, 'closed'));
    await chmod(join(folder, 'closed'), 0o555);
    await chmod(folder, 0o755);
    // Root may write everywhere.
    const isRoot = process.geteuid!() === 0;
    if (isRoot) process.seteuid!(65534);
    try {
      await expect(requireWritable(join(folder, 'closed/x'))).rejects.toMatchObject({
        code: 'OUTPUT_FAILED',
        message: expect.stringMatching(/EACCES|EROFS/),
      });
    } finally {
      if (isRoot) process.seteuid!(0);
    }
  });
});

describe('requireWritableFolder', () => {
  it('accepts a folder with something in it and keeps that', async () => {
    await requireWritableFolder(folder);
    expect(await left()).toEqual(['dangling', 'file', 'loop']);
  });
});

describe('requireWritableFile', () => {
  it('accepts a file that is there and keeps it, and refuses a folder', async () => {
    await requireWritableFile(join(folder, 'file'));
    await expect(requireWritableFile(folder)).rejects.toMatchObject({ code: 'OUTPUT_FAILED' });
    expect(await left()).toEqual(['dangling', 'file', 'loop']);
  });
});

describe('makeFolder', () => {
  it('makes all that is missing, and says what', async () => {
    expect(await makeFolder(join(folder, 'a/b'))).toEqual([join(folder, 'a'), join(folder, 'a/b')]);
    expect(await makeFolder(join(folder, 'a/b/c'))).toEqual([join(folder, 'a/b/c')]);
    expect(await makeFolder(join(folder, 'a/b/c'))).toEqual([]);
  });

  it('is not disturbed by others that make the same folder at the same time', async () => {
    await Promise.all(Array.from({ length: 20 }, () => makeFolder(join(folder, 'a/b/c/d'))));
    expect(existsSync(join(folder, 'a/b/c/d'))).toBe(true);
  });

  it('makes the folders above anew that others take away as soon as they are empty', async () => {
    let isOver = false;
    const others = async () => {
      for (; !isOver; await delay(1)) await rmdir(join(folder, 'a')).catch(() => undefined);
    };
    const makers = Array.from({ length: 8 }, async (_, i) => {
      for (let round = 0; round < 100; round++) {
        const path = join(folder, `a/${i}/${round}`);
        await makeFolder(path);
        await rm(join(folder, `a/${i}`), { recursive: true });
      }
    });
    const [all] = await Promise.all([Promise.allSettled(makers).finally(() => (isOver = true)), others()]);
    expect(all).toEqual(Array(8).fill({ status: 'fulfilled', value: undefined }));
  });

  (onLinux ? it : it.skip)('ends below /proc, where a recursive mkdir of Node never does', async () => {
    await expect(makeFolder('/proc/x/y')).rejects.toThrow('ENOENT');
  });

  it('does not take a dangling link for a folder', async () => {
    await expect(makeFolder(join(folder, 'dangling'))).rejects.toThrow('EEXIST');
  });
});
