import { createHash } from 'node:crypto';
import { open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { makeFolder, TersorError } from '@tersor/core';

/** Changes when a saved state can no longer be read. */
const VERSION = 1;
const DIGEST_BYTES = 32;
/** The newest, and the one before in case the newest turns out damaged. */
const KEPT = 2;

interface Saved {
  readonly version: number;
  /** The resolved config, as JSON. */
  readonly config: string;
  readonly state: unknown;
}

/** Where a run keeps what it needs to go on. */
export interface CheckpointStore<State> {
  /** Writes a state: whole or not at all, the one before stays. Throws `OUTPUT_FAILED`. */
  save(state: State): Promise<void>;
  /** The newest state that is whole, or undefined. `onDamaged` hears of files that are not. Throws `CHECKPOINT_MISMATCH` for another config or version. */
  load(onDamaged?: (file: string) => void): Promise<State | undefined>;
  /** Removes all. */
  clear(): Promise<void>;
}

/**
 * Checkpoints in a folder: files `NNNNNN.ckpt`, each a SHA-256 of the rest and the state in V8's structured-clone format.
 * @param config resolved config that the states belong to; `ignored` names its top-level keys that may change (where results go)
 */
export function checkpointStore<State>(folder: string, config: object, ignored: readonly string[] = ['output']): CheckpointStore<State> {
  const identity = JSON.stringify(config, (key, value: unknown) => (ignored.includes(key) ? undefined : value));
  const files = async () => (await readdir(folder).catch(() => [])).filter((file) => /^\d+\.ckpt$/.test(file)).sort();
  return {
    save: async (state) => {
      try {
        await makeFolder(folder);
        const existing = await files();
        const number = existing.length === 0 ? 1 : Number(existing.at(-1)!.slice(0, -5)) + 1;
        const body = serialize({ version: VERSION, config: identity, state } satisfies Saved);
        const path = join(folder, `${String(number).padStart(6, '0')}.ckpt`);
        await writeDurably(`${path}.tmp`, [digest(body), body]);
        await rename(`${path}.tmp`, path);
        for (const old of existing.slice(0, Math.max(0, existing.length + 1 - KEPT))) await rm(join(folder, old), { force: true });
      } catch (cause) {
        throw new TersorError('OUTPUT_FAILED', `The checkpoint cannot be written to ${folder}: ${(cause as Error).message}`, {
          cause,
          hint: 'The last checkpoint is still there: make room and go on with --resume.',
        });
      }
    },
    load: async (onDamaged) => {
      for (const file of (await files()).reverse()) {
        const saved = decode(await readFile(join(folder, file)));
        if (!saved) {
          onDamaged?.(join(folder, file));
          continue;
        }
        requireSame(saved, identity, folder);
        return saved.state as State;
      }
      return undefined;
    },
    clear: () => rm(folder, { recursive: true, force: true }),
  };
}

/** A crash of the machine after the rename must not find an empty file. */
async function writeDurably(path: string, parts: readonly Buffer[]): Promise<void> {
  const handle = await open(path, 'w');
  try {
    for (const part of parts) await handle.writeFile(part);
    await handle.sync();
  } finally {
    await handle.close();
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

function requireSame(saved: Saved, identity: string, folder: string): void {
  if (saved.version !== VERSION) {
    throw new TersorError('CHECKPOINT_MISMATCH', `The checkpoint in ${folder} has version ${saved.version}; this Tersor reads version ${VERSION}.`, { hint: 'Run without --resume to start over.' });
  }
  if (saved.config === identity) return;
  const difference = firstDifference(JSON.parse(saved.config), JSON.parse(identity), '');
  throw new TersorError('CHECKPOINT_MISMATCH', `The checkpoint in ${folder} was made with another config: ${difference}.`, { hint: 'Resume with the same config, or run without --resume to start over.' });
}

/** Path and values of the first place where two JSON values differ. */
function firstDifference(before: unknown, now: unknown, path: string): string {
  if (isRecord(before) && isRecord(now)) {
    const key = [...new Set([...Object.keys(before), ...Object.keys(now)])].find((each) => JSON.stringify(before[each]) !== JSON.stringify(now[each]));
    if (key !== undefined) return firstDifference(before[key], now[key], path ? `${path}.${key}` : key);
  }
  return `"${path}" was ${JSON.stringify(before)} and is now ${JSON.stringify(now)}`;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
