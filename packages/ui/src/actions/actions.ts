import { join } from 'node:path';
import { LIVE_RECORD, type StartCommand } from '@tersor/compression';
import { folderPlace, readJson } from '@tersor/study';
import { TersorError } from '@tersor/core';
import type { Item } from '../items/item.js';
import { createLiveReader } from '../items/live-reader.js';
import { createTrainingStateReader } from '../items/training-reader.js';
import { resume } from './resume.js';
import { stop } from './stop.js';

/** What the buttons of the page do; each gives what to tell the reader. */
export interface Actions {
  /** Throws `OUTPUT_LOCKED`. */
  stop(item: Item): Promise<string>;
  /** Throws `OUTPUT_LOCKED`, `CONFIG_INVALID`. */
  resume(item: Item): Promise<string>;
}

/** How soon a process ends that does not even begin: a config that is gone, a checkpoint of another run. */
const BEGINNING_MS = 20_000;

/** @param program what starts `tersor` */
export function createActions(program: readonly string[]): Actions {
  const asked = new Set<string>();
  const started = new Map<string, number>();
  return {
    stop: async ({ folder }) => stop(folder, asked),
    resume: async ({ kind, folder, status, resumeProblem }) => {
      if (status === 'running' || status === 'elsewhere' || started.has(folder))
        throw new TersorError('OUTPUT_LOCKED', `${folder} is running, or about to.`);
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
      return 'Started again; what it says is in its log, below.';
    },
  };
}

async function commandOf(kind: Item['kind'], folder: string): Promise<StartCommand | undefined> {
  if (kind === 'study') return readJson<StartCommand>(folderPlace(folder), 'command.json');
  if (kind === 'training') return (await createTrainingStateReader(folder).read())?.start?.command;
  const live = await createLiveReader(join(folder, 'checkpoint', LIVE_RECORD)).read();
  return live?.start?.command;
}
