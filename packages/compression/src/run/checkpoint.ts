import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { cp, open, readdir, readFile, rename, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { makeFolder, messageOf, TersorError } from '@tersor/core';
import { LIVE_RECORD } from './live-record.js';
import type { Origin } from './origin.js';
import { requireStillHeld } from './output-lock.js';

/** Changes when a saved state can no longer be read. */
const VERSION = 2;
const DIGEST_BYTES = 32;
/** The newest, and the one before in case the newest turns out damaged. */
const KEPT = 2;

interface Saved {
  readonly version: number;
  readonly origin: Origin;
  readonly state: unknown;
}

/** A state that was saved, and what it belongs to. */
export interface Checkpoint<State> {
  readonly state: State;
  readonly origin: Origin;
}

/** Where a run keeps what it needs to go on. */
export interface CheckpointStore<State> {
  readonly folder: string;
  /** Writes a state: whole or not at all, the one before stays. Throws `OUTPUT_FAILED`. */
  save(state: State): Promise<void>;
  /**
   * The newest one that is whole, or undefined. `onDamaged` hears of files that are not. Throws
   * `CHECKPOINT_MISMATCH` for those of another version.
   */
  load(onDamaged?: (file: string) => void): Promise<Checkpoint<State> | undefined>;
  /**
   * Keeps what is there in a folder beside this one: moved, or copied. Gives that folder; undefined where
   * there is nothing to keep. Throws `OUTPUT_FAILED`.
   */
  keepAside(how: 'move' | 'copy'): Promise<string | undefined>;
  /** Removes all checkpoints, and the folder where nothing else is in it. */
  clear(): Promise<void>;
}

/**
 * Checkpoints in a folder: files `NNNNNN.ckpt`, each a SHA-256 of the rest and the state in V8's
 * structured-clone format.
 * @param origin what the states that are saved belong to: plain data
 */
export function checkpointStore<State>(folder: string, origin: Origin): CheckpointStore<State> {
  const files = async () =>
    (await readdir(folder).catch(() => [])).filter((file) => /^\d+\.ckpt$/.test(file)).sort();
  return {
    folder,
    save: async (state) => {
      requireStillHeld(dirname(folder));
      const existing = await files();
      try {
        await makeFolder(folder);
        const number = existing.length === 0 ? 1 : Number(existing.at(-1)!.slice(0, -5)) + 1;
        const body = serialize({ version: VERSION, origin, state } satisfies Saved);
        await writeDurably(join(folder, `${String(number).padStart(6, '0')}.ckpt`), [digest(body), body]);
        for (const old of existing.slice(0, Math.max(0, existing.length + 1 - KEPT)))
          await rm(join(folder, old), { force: true });
      } catch (cause) {
        throw new TersorError(
          'OUTPUT_FAILED',
          `The checkpoint cannot be written to ${folder}: ${messageOf(cause)}`,
          {
            cause,
            hint:
              existing.length > 0
                ? 'The last checkpoint is still there: free some space and continue with --resume.'
                : 'There was no checkpoint before: make room, or choose another folder with --out.',
          },
        );
      }
    },
    load: async (onDamaged) => {
      for (const file of (await files()).reverse()) {
        const saved = decode(await readFile(join(folder, file)));
        if (!saved) {
          onDamaged?.(join(folder, file));
          continue;
        }
        if (saved.version !== VERSION) {
          throw new TersorError(
            'CHECKPOINT_MISMATCH',
            `The checkpoint in ${folder} has version ${saved.version}; this Tersor reads version ${VERSION}.`,
            { hint: START_OVER },
          );
        }
        return { state: saved.state as State, origin: saved.origin };
      }
      return undefined;
    },
    keepAside: async (how) => {
      // What lies where the folder should be was not made by this version, but belongs to somebody.
      if ((await files()).length === 0 && !statSync(folder, { throwIfNoEntry: false })?.isFile())
        return undefined;
      let number = 1;
      while (existsSync(`${folder}-kept-${number}`)) number++;
      const kept = `${folder}-kept-${number}`;
      try {
        if (how === 'move') await rename(folder, kept);
        else await cp(folder, kept, { recursive: true });
      } catch (cause) {
        if (how === 'copy') await rm(kept, { recursive: true, force: true }).catch(() => undefined);
        throw new TersorError(
          'OUTPUT_FAILED',
          `The checkpoint in ${folder} cannot be kept as ${kept}: ${messageOf(cause)}`,
          {
            cause,
            hint: 'It is still where it was. Move or remove it yourself, or choose another folder with --out.',
          },
        );
      }
      return kept;
    },
    clear: async () => {
      const own = (await readdir(folder).catch(() => [])).filter(
        (file) => /^\d+\.ckpt(\.tmp)?$/.test(file) || file === LIVE_RECORD,
      );
      for (const file of own) await rm(join(folder, file), { force: true });
      // It may hold what somebody else has put there.
      await rmdir(folder).catch(() => undefined);
    },
  };
}

/** What to do with a checkpoint that a run cannot go on from. */
export const START_OVER =
  'Resume with what it was made with, or run without --resume to start over; ' +
  'the checkpoint is then kept beside the new one.';

/**
 * A crash of the machine after the rename must not find an empty file; a disk that is full must not stay so
 * for half a file.
 */
async function writeDurably(path: string, parts: readonly Buffer[]): Promise<void> {
  const partial = `${path}.tmp`;
  try {
    const handle = await open(partial, 'w');
    try {
      for (const part of parts) await handle.writeFile(part);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true }).catch(() => undefined);
    throw error;
  }
}

function decode(bytes: Buffer): Saved | undefined {
  const body = bytes.subarray(DIGEST_BYTES);
  if (bytes.length < DIGEST_BYTES || !digest(body).equals(bytes.subarray(0, DIGEST_BYTES))) return undefined;
  return deserialize(body) as Saved;
}

function digest(body: Buffer): Buffer {
  return createHash('sha256').update(body).digest();
}
