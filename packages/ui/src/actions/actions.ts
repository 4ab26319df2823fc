import { join } from 'node:path';
import { LIVE_RECORD, type StartCommand } from '@tersor/compression';
import { folderPlace, readJson } from '@tersor/study';
import { TersorError } from '@tersor/core';
import type { Item } from '../items/item.js';
import { createLiveReader } from '../items/live-reader.js';
import { createTrainingStateReader } from '../items/training-reader.js';
import { resume } from './resume.js';
import { stop } from './stop.js';

/** The actions of the page's buttons; each returns a message for the user. */
export interface Actions {
  /** Throws `OUTPUT_LOCKED`. */
  stop(item: Item): Promise<string>;
  /** Throws `OUTPUT_LOCKED`, `CONFIG_INVALID`. */
  resume(item: Item): Promise<string>;
}

/** A process that cannot start (no config, checkpoint of another run) ends within this time. */
const BEGINNING_MS = 20_000;

/** @param program what starts `tersor` */
export function createActions(program: readonly string[]): Actions {
  const asked = new Set<string>();
  const started = new Map<string, number>();
  return {
    stop: async ({ folder }) => stop(folder, asked),
    resume: async ({ kind, folder, status, resumeProblem }) => {
      if (status === 'running' || status === 'elsewhere' || started.has(folder))
        throw new TersorError('OUTPUT_LOCKED', `${folder} is running or being started.`);
      const command = await commandOf(kind, folder);
      started.set(folder, Date.now());
      const timer = setTimeout(() => started.delete(folder), BEGINNING_MS).unref();
      const end = () => {
        clearTimeout(timer);
        started.delete(folder);
      };
      try {
        await resume({ kind, folder, resumeProblem }, command, program, end);
      } catch (error) {
        end();
        throw error;
      }
      return 'Started again; see its log below.';
    },
  };
}

async function commandOf(kind: Item['kind'], folder: string): Promise<StartCommand | undefined> {
  if (kind === 'study') return readJson<StartCommand>(folderPlace(folder), 'command.json');
  if (kind === 'training') return (await createTrainingStateReader(folder).read())?.start?.command;
  const live = await createLiveReader(join(folder, 'checkpoint', LIVE_RECORD)).read();
  return live?.start?.command;
}
