import { rm } from 'node:fs/promises';
import { TersorError, type TrialRunner } from '@tersor/core';
import { instantRunner, studyFolder } from '../../test/fixtures.js';
import { runInFolder } from '../../test/run-in-folder.js';
import { folderStore, type ResultStore } from '../results/result-store.js';

it('stops the other trials where the record of one cannot be written, and begins no more', async () => {
  const place = await studyFolder();
  try {
    const begun: string[] = [];
    let saved = 0;
    const instant = instantRunner();
    const runner: TrialRunner = {
      ...instant,
      concurrency: 2,
      run: async (trial, signal) => {
        begun.push(trial.id);
        if (begun.length === 1) {
          // The other one runs by then.
          while (begun.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
          return instant.run(trial, signal);
        }
        await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
        await new Promise((resolve) => setTimeout(resolve, 50));
        saved++;
        return { status: 'interrupted' };
      },
    };
    const folder = folderStore(place.output);
    const store: ResultStore = {
      ...folder,
      trial: (id) => ({
        ...folder.trial(id),
        put: async (name, content) => {
          if (id === begun[0] && name === 'trial.json')
            throw new TersorError('OUTPUT_FAILED', 'The disk is full.');
          await folder.trial(id).put(name, content);
        },
      }),
    };
    await expect(runInFolder(place, { seeds: [1, 2] }, { runner, store })).rejects.toMatchObject({
      code: 'OUTPUT_FAILED',
    });
    expect({ saved, begun: begun.length }).toEqual({ saved: 1, begun: 2 });
    // The study was locked as long as its trials ran.
    await (
      await store.lock()
    )();
  } finally {
    await rm(place.folder, { recursive: true });
  }
});
