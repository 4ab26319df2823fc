import { randomUUID } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmdirSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isTersorError, makeFolder, messageOf, TersorError } from '@tersor/core';

const FILE = '.lock';
/**
 * The byte that is locked, far beyond the text: where a lock is mandatory (Windows) the text can still be
 * read.
 */
const BYTE = 2 ** 30;
/** Codes by which a file system or a kernel says that it has no locks. */
const NO_LOCKS = ['ENOLCK', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EINVAL'];
/**
 * Others that end at the same moment remove their file: it is opened anew. Each time is another owner's end,
 * so a few are plenty.
 */
const ATTEMPTS = 100;
const NAMING_MS = 50;

/** What a lock file says of its owner. */
interface Owner {
  readonly pid: number;
  readonly host: string;
  /** When it took the folder, ISO 8601. */
  readonly since: string;
  /** `file`: there were no locks of the operating system, the file's being there is the lock. */
  readonly heldBy: 'lock' | 'file';
}

/** The open lock files of this process, by path. */
const held = new Map<string, number>();

type TryLock = (fd: number, offset: number, length: number) => boolean;

/**
 * Takes an output folder for this process; resolves to the function that gives it free. The operating system
 * holds the lock for an open file (`.lock`), so it is gone with the process, however that ends: a process id
 * would say nothing in a container, where everyone is number 1. Programs that the owner starts do not keep
 * it, since Node opens files close-on-exec. Where there are no such locks (a platform without a prebuilt
 * binary, some network file systems) the file's being there is the lock, and one that a killed process left
 * has to be removed by hand, as the message says. Folders that were made for it go again if nothing was put
 * there. Throws `OUTPUT_LOCKED` while another holds it, `OUTPUT_FAILED` when the folder cannot be made or
 * written.
 */
export async function lockOutput(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, FILE);
  try {
    const { fd, made } = await takeFolder(folder, path);
    held.set(path, fd);
    const release = () => {
      held.delete(path);
      try {
        // Removed while it is still held. Whoever has opened it meanwhile finds that it is not the folder's
        // any more.
        if (isSameFile(fd, path)) rmSync(path, { force: true });
      } catch {
        // What stays is only text; the lock goes with the open file.
      }
      closeSync(fd);
      try {
        for (const each of made.reverse()) rmdirSync(each);
      } catch {
        // Something is in it.
      }
    };
    process.once('exit', release);
    return async () => {
      process.off('exit', release);
      release();
    };
  } catch (cause) {
    if (isTersorError(cause)) throw cause;
    throw new TersorError(
      'OUTPUT_FAILED',
      `The output folder ${JSON.stringify(folder)} cannot be used: ${messageOf(cause)}`,
      { cause, hint: 'Choose another with --out.' },
    );
  }
}

/**
 * Makes sure that a folder that this process has taken is still there and nobody else's, before something is
 * written to it. Throws `OUTPUT_FAILED`.
 */
export function requireStillHeld(folder: string): void {
  const path = join(folder, FILE);
  const fd = held.get(path);
  if (fd === undefined) return;
  const isGone = !existsSync(folder);
  if (!isGone && (!existsSync(path) || isSameFile(fd, path))) return;
  throw new TersorError(
    'OUTPUT_FAILED',
    `The output folder ${JSON.stringify(folder)} was removed${isGone ? '' : ', and another process has it now'}.`,
    { hint: 'Nothing can be saved any more: start again, and leave the folder where it is.' },
  );
}

/** Makes the folder where it is missing, and takes it. Throws `OUTPUT_LOCKED`. */
async function takeFolder(
  folder: string,
  path: string,
): Promise<{ readonly fd: number; readonly made: string[] }> {
  for (let attempt = 1; ; attempt++) {
    try {
      const made = await makeFolder(folder);
      const tryLock = locksOf(folder);
      return { made, fd: tryLock ? await lockFile(path, folder, tryLock) : createFile(path, folder) };
    } catch (error) {
      // Whoever had it before removed it before it was entered.
      const isGone = (error as NodeJS.ErrnoException).code === 'ENOENT';
      if (!isGone || attempt === ATTEMPTS) throw error;
    }
  }
}

/** Opens and locks the file. Throws `OUTPUT_LOCKED`. */
async function lockFile(path: string, folder: string, tryLock: TryLock): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const fd = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o666);
    try {
      if (!fstatSync(fd).isFile()) throw new Error(`${path} is not a regular file.`);
      const isMine = tryLock(fd, BYTE, 1);
      if (isSameFile(fd, path)) {
        // An owner writes its name right after it has the lock.
        if (!isMine) await delay(NAMING_MS);
        const owner = readOwner(path);
        if (!isMine || owner?.heldBy === 'file') throw lockedBy(folder, owner);
        writeOwner(fd, 'lock');
        return fd;
      }
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    closeSync(fd);
  }
  throw lockedBy(folder, readOwner(path));
}

/**
 * Whether an open file is the one that lies at a path now. Opening it asks a network file system anew, which
 * `stat` might not.
 */
function isSameFile(fd: number, path: string): boolean {
  let other: number;
  try {
    other = openSync(path, constants.O_RDONLY);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
  const [a, b] = [fd, other].map((each) => fstatSync(each, { bigint: true }));
  closeSync(other);
  return a!.ino === b!.ino && a!.dev === b!.dev;
}

/** Makes the file, which must not be there. Throws `OUTPUT_LOCKED`. */
function createFile(path: string, folder: string): number {
  try {
    const fd = openSync(path, 'wx');
    writeOwner(fd, 'file');
    return fd;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const { message } = lockedBy(folder, readOwner(path));
    throw new TersorError('OUTPUT_LOCKED', message, {
      hint: `The operating system offers no file locks here, so a killed process leaves its lock behind: if that process is gone, remove ${path}.`,
    });
  }
}

function writeOwner(fd: number, heldBy: Owner['heldBy']): void {
  const owner: Owner = { pid: process.pid, host: hostname(), since: new Date().toISOString(), heldBy };
  ftruncateSync(fd);
  writeSync(fd, `${JSON.stringify(owner)}\n`, 0);
}

/** Undefined for an empty file, half a line, or that of an earlier version. */
function readOwner(path: string): Partial<Owner> | undefined {
  try {
    const owner: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return typeof owner === 'object' && owner !== null ? owner : undefined;
  } catch {
    return undefined;
  }
}

/** Who holds an output folder. */
export interface LockHolder {
  readonly pid: number;
  readonly host: string;
  /** ISO 8601. */
  readonly since: string;
  /**
   * Whether that process was seen to hold it now, on this machine: a signal to it reaches the run. False
   * for one of another machine or user, of which only the file tells.
   */
  readonly isHere: boolean;
}

/**
 * Who holds an output folder, without taking it; undefined where nobody does, as after a run that was
 * killed. A process id can be that of another program by now: on Linux the process has to have the file open,
 * elsewhere the file has to be locked.
 */
export function holderOf(folder: string): LockHolder | undefined {
  const path = join(folder, FILE);
  const { pid, host, since, heldBy } = readOwner(path) ?? {};
  if (typeof pid !== 'number' || typeof host !== 'string' || typeof since !== 'string') return undefined;
  const holder = { pid, host, since };
  if (host !== hostname()) return { ...holder, isHere: false };
  try {
    const isHere = process.platform === 'linux' ? hasOpen(pid, path) : heldBy === 'lock' && isLocked(path);
    return isHere ? { ...holder, isHere } : undefined;
  } catch (error) {
    // A process of another user is not looked into.
    return (error as NodeJS.ErrnoException).code === 'EACCES' ? { ...holder, isHere: false } : undefined;
  }
}

/** Whether a process has a file open. Throws the error of the file system. */
function hasOpen(pid: number, path: string): boolean {
  const file = realpathSync(path);
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).some((each) => {
    try {
      return readlinkSync(join(folder, each)) === file;
    } catch {
      return false; // Closed meanwhile.
    }
  });
}

/** Whether a file is locked. It is held for a moment where it is not. */
function isLocked(path: string): boolean {
  const tryLock = loadTryLock();
  if (!tryLock) return false;
  const fd = openSync(path, constants.O_RDWR);
  try {
    return !tryLock(fd, BYTE, 1);
  } finally {
    closeSync(fd);
  }
}

function lockedBy(folder: string, { pid, host, since, heldBy }: Partial<Owner> = {}): TersorError {
  const who = pid === undefined ? 'another process' : `process ${pid} on ${host}, since ${since}`;
  const byHand = heldBy === 'file' ? ` If that process is gone, remove ${join(folder, FILE)}.` : '';
  return new TersorError('OUTPUT_LOCKED', `The output folder ${folder} is in use by ${who}.`, {
    hint: `Wait for it, stop it, or choose another folder with --out.${byHand}`,
  });
}

/**
 * How a file in a folder is locked; undefined on a platform that the library has no binary for, and on a file
 * system without locks.
 */
function locksOf(folder: string): TryLock | undefined {
  const tryLock = loadTryLock();
  if (!tryLock) return undefined;
  const probe = join(folder, `${FILE}-${process.pid}-${randomUUID()}`);
  const fd = openSync(probe, 'wx+');
  try {
    return tryLock(fd, BYTE, 1) ? tryLock : undefined;
  } catch (error) {
    if (NO_LOCKS.includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  } finally {
    closeSync(fd);
    rmSync(probe, { force: true });
  }
}

/** Loaded when it is needed: not every command writes. */
function loadTryLock(): TryLock | undefined {
  try {
    return (createRequire(__filename)('fs-native-extensions') as { tryLock: TryLock }).tryLock;
  } catch {
    return undefined;
  }
}
