import { appendFile, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { lockOutput } from '@tersor/compression';
import {
  addEpisodes,
  addLines,
  beginRun,
  temporaryFolder,
  writeDoneRun,
  writeStudy,
} from '../../test/folders.js';
import { createLiveReader } from './live-reader.js';
import { createWatcher } from './watch-items.js';

let folder: string;
beforeEach(async () => (folder = await temporaryFolder()));
afterEach(() => rm(folder, { recursive: true, force: true }));

const look = async () => {
  const watcher = createWatcher([folder]);
  await watcher.look();
  return new Map(watcher.all().map((item) => [item.name, item]));
};

describe('the list of runs and studies', () => {
  it('shows how each ended, or what it is doing', async () => {
    await writeDoneRun(join(folder, 'a/done'));
    await beginRun(join(folder, 'killed'), 3);
    await beginRun(join(folder, 'failed'), 2);
    await addLines(join(folder, 'failed'), [
      { ended: { code: 'OUTPUT_FAILED', message: 'The disk is full.' } },
    ]);
    await beginRun(join(folder, 'asked'), 1);
    await addLines(join(folder, 'asked'), [{ ended: { code: 'INTERRUPTED', message: 'Stopped as asked.' } }]);
    await writeStudy(join(folder, 'study'), 'no such agent');
    await beginRun(join(folder, 'live'), 5);
    const release = await lockOutput(join(folder, 'live'));
    const items = await look();
    await release();
    const said = [...items].map(([name, { status, detail, progress, result }]) => [
      name,
      status,
      progress?.done,
      detail ?? result,
    ]);
    expect(said).toEqual([
      ['a/done', 'done', undefined, '10.0× smaller, −1.00 points'],
      ['asked', 'stopped', 1, 'stopped as asked, in stage 1: pruning search'],
      ['failed', 'failed', 2, 'The disk is full. [OUTPUT_FAILED]'],
      ['killed', 'stopped', 3, 'ended without a word, in stage 1: pruning search'],
      ['live', 'running', 5, 'stage 1: pruning search'],
      ['study', 'failed', 0, '1 failed'],
    ]);
    expect(items.get('live')).toMatchObject({ canStop: process.platform !== 'win32' });
    expect(items.get('study')?.resume).toBe(`tersor study s.yaml --resume\nin ${join(folder, 'study')}`);
  });

  it('only offers to start commands of Tersor', async () => {
    await beginRun(join(folder, 'good'), 1, {
      args: ['compress', 'c.yaml', '--set', 'seed=1 2'],
      directory: '/there',
    });
    await beginRun(join(folder, 'other'), 1, { args: ['new', 'agent'], directory: '/there' });
    await beginRun(join(folder, 'odd'), 1, { args: 'compress', directory: 7 });
    await beginRun(join(folder, 'library'), 1);
    const items = await look();
    expect([...items.values()].map(({ name, resume }) => [name, resume])).toEqual([
      ['good', "tersor compress c.yaml --set 'seed=1 2' --resume\nin /there"],
      ['library', undefined],
      ['odd', undefined],
      ['other', undefined],
    ]);
  });

  it('survives half-written files, foreign files, and folders that vanish', async () => {
    await writeDoneRun(join(folder, 'half'));
    await writeFile(join(folder, 'half/summary.json'), '{"baseline": {');
    await writeDoneRun(join(folder, 'other'));
    await writeFile(join(folder, 'other/summary.json'), '{"ratio": 7}');
    await mkdir(join(folder, 'study'));
    await writeFile(join(folder, 'study/study.json'), '{"cells":');
    await mkdir(join(folder, 'empty/checkpoint'), { recursive: true });
    await beginRun(join(folder, 'vanishing'), 1);
    const watcher = createWatcher([folder, join(folder, 'vanishing')]);
    await watcher.look();
    expect(watcher.all().map(({ name }) => name)).toEqual(['empty', 'half', 'other', 'study', 'vanishing']);
    const gone = new Promise((resolve) =>
      watcher.subscribe((changes) => changes.gone.length > 0 && resolve(changes.gone)),
    );
    const id = watcher.all().at(-1)!.id;
    await rm(join(folder, 'vanishing'), { recursive: true });
    expect(await gone).toEqual([id]);
    watcher.close();
  });

  it('looks at a thousand runs in a few seconds, and reports only the one that changed', async () => {
    const names = Array.from({ length: 1000 }, (_, i) => `run ${i} <b>&"'`);
    for (const name of names) await writeDoneRun(join(folder, name));
    const watcher = createWatcher([folder]);
    await watcher.look();
    expect(watcher.all()).toHaveLength(1000);
    const changed = new Promise<readonly { name: string }[]>((resolve) =>
      watcher.subscribe(({ items }) => resolve(items)),
    );
    await beginRun(join(folder, names[500]!), 1);
    expect((await changed).map(({ name }) => name)).toEqual([names[500]]);
    watcher.close();
  }, 30_000);
});

describe('a live record that grows', () => {
  it('is read from where the last read ended, with incomplete lines completed', async () => {
    await beginRun(folder, 2);
    const path = join(folder, 'checkpoint/live.jsonl');
    const reader = createLiveReader(path);
    expect((await reader.read())?.episodes).toHaveLength(2);
    await appendFile(path, '{"at":"now","notice":"hal');
    expect((await reader.read())?.notices).toEqual([]);
    await appendFile(path, 'f"}\nnot JSON\n');
    await addEpisodes(folder, 3, 3);
    const state = await reader.read();
    expect(state?.notices).toEqual([{ at: 'now', text: 'half' }]);
    expect(state?.episodes.map(({ episode }) => episode)).toEqual([1, 2, 3]);
  });

  it('drops episodes that a resumed process repeats', async () => {
    await beginRun(folder, 6);
    const reader = createLiveReader(join(folder, 'checkpoint/live.jsonl'));
    await reader.read();
    await addLines(folder, [{ progress: { stage: 'prune', done: 4, total: 40, unit: 'episodes' } }]);
    expect((await reader.read())?.episodes.map(({ episode }) => episode)).toEqual([1, 2, 3, 4]);
    await addEpisodes(folder, 4, 5);
    expect((await reader.read())?.episodes.map(({ episode }) => episode)).toEqual([1, 2, 3, 4, 5]);
  });

  it('is read from the start if the file was replaced, and is undefined if it is gone', async () => {
    await beginRun(folder, 6);
    const reader = createLiveReader(join(folder, 'checkpoint/live.jsonl'));
    await reader.read();
    await rm(join(folder, 'checkpoint'), { recursive: true });
    expect(await reader.read()).toBeUndefined();
    await beginRun(folder, 1);
    expect((await reader.read())?.episodes).toHaveLength(1);
  });
});
