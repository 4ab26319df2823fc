import { execFileSync } from 'node:child_process';
import { appendFile, mkdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { lockOutput } from '@tersor/compression';
import { folderStore, gatherResults, type StudyRecord } from '@tersor/study';
import {
  addEpisodes,
  addLines,
  addTrainingLines,
  beginRun,
  beginTraining,
  temporaryFolder,
  trainingEpochs,
  writeDoneRun,
  writeDoneTraining,
  writeLargeStudy,
  writeStudy,
} from '../../test/folders.js';
import { createLiveReader } from './live-reader.js';
import { createStudyReader } from './read-study-item.js';
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
    await addLines(join(folder, 'asked'), [
      { ended: { code: 'INTERRUPTED', message: 'Stopped as requested.' } },
    ]);
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
      ['asked', 'stopped', 1, 'stopped as requested, in stage 1: pruning search'],
      ['failed', 'failed', 2, 'The disk is full. [OUTPUT_FAILED]'],
      ['killed', 'died', 3, 'its process is gone, in stage 1: pruning search'],
      ['live', 'running', 5, 'stage 1: pruning search'],
      ['study', 'failed', 0, '1 failed'],
    ]);
    expect(items.get('live')).toMatchObject({ canStop: process.platform !== 'win32' });
    expect(items.get('study')?.resume).toBe(`tersor study s.yaml --resume\nin ${join(folder, 'study')}`);
  });

  it('takes what results.json says of trials that ended before it, and of no others', async () => {
    const place = join(folder, 'study');
    await writeLargeStudy(place, 4);
    const found = { id: 'x', kind: 'study' as const, name: 'study', folder: place };
    const rowsOf = async () => {
      const reader = createStudyReader(found.folder);
      await reader.facts();
      const input = (await reader.content.input())!;
      expect(await reader.content.rows()).toEqual(input.results.trials);
      return input.results.trials.map(({ figures }) => figures.bytes);
    };
    const { results } = await gatherResults(folderStore(place));
    const said = results.trials.map((row) => ({ ...row, figures: { ...row.figures, bytes: 7 } }));
    expect(await rowsOf()).toEqual([1003, 1002, 1001, 1000]);
    await writeFile(join(place, 'results.json'), JSON.stringify({ ...results, trials: said }));
    const later = new Date(Date.now() + 60_000);
    await utimes(join(place, 'results.json'), later, later);
    expect(await rowsOf()).toEqual([7, 7, 7, 7]);
    const file = join(place, 'trials', results.trials[2]!.trial, 'trial.json');
    const last = new Date(Date.now() + 120_000);
    await utimes(file, last, last);
    expect(await rowsOf()).toEqual([1003, 1002, 1001, 1000]);
    for (const text of ['{"variants":[', '7', '{"variants":[{}],"trials":[null]}']) {
      await writeFile(join(place, 'results.json'), text);
      await utimes(join(place, 'results.json'), last, last);
      expect(await rowsOf()).toEqual([1003, 1002, 1001, 1000]);
    }
  });

  it('tells a study that was killed from one that was stopped', async () => {
    const owner = { pid: 2 ** 22 + 1, host: hostname(), since: new Date().toISOString(), heldBy: 'lock' };
    for (const name of ['killed', 'stopped']) {
      await writeStudy(join(folder, name), 'x');
      await rm(join(folder, name, 'trials'), { recursive: true });
    }
    await writeFile(join(folder, 'killed/.lock'), JSON.stringify(owner));
    const items = await look();
    expect(items.get('killed')).toMatchObject({
      ...{ status: 'died', detail: 'its process is gone' },
      resume: expect.stringContaining('--resume'),
    });
    expect(items.get('stopped')).toMatchObject({ status: 'stopped' });
  });

  it('has a study as running whose trials run as jobs, without a process that has the study', async () => {
    const study = join(folder, 'jobs');
    await writeStudy(study, 'x');
    await rm(join(study, 'trials'), { recursive: true });
    const { cells } = JSON.parse(await readFile(join(study, 'study.json'), 'utf8')) as StudyRecord;
    const release = await lockOutput(join(study, 'trials', cells[0]!.trial));
    const item = (await look()).get('jobs');
    await release();
    expect(item).toMatchObject({ status: 'running', detail: '1 running', canStop: false });
    expect(item?.resume).toBeUndefined();
    expect((await look()).get('jobs')).toMatchObject({ status: 'stopped' });
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

  it('has trainings: their epochs as they go on, how they ended, and what they gave', async () => {
    const command = { args: ['train', 't.yaml', '--json'], directory: '/there' };
    await writeDoneTraining(join(folder, 'done'));
    await beginTraining(join(folder, 'killed'), 4, command);
    await beginTraining(join(folder, 'failed'), 2);
    await addTrainingLines(join(folder, 'failed'), [
      { ended: { code: 'WEIGHTS_NOT_FINITE', message: 'NaN.' } },
    ]);
    await beginTraining(join(folder, 'again'), 5);
    await addTrainingLines(join(folder, 'again'), [
      { training: { pid: 1, host: 'h', config: { train: { epochs: 10 } }, backend: 'wasm', epochsDone: 3 } },
      ...trainingEpochs(4, 4),
    ]);
    const release = await lockOutput(join(folder, 'again'));
    const items = await look();
    await release();
    const said = [...items.values()].map(({ name, kind, status, progress, detail, result }) => [
      ...[name, kind, status, progress?.done, detail, result],
    ]);
    expect(said).toEqual([
      ['again', 'training', 'running', 4, 'loss 0.500, training 20.00%', undefined],
      ['done', 'training', 'done', undefined, undefined, '65.00% of the test images'],
      ['failed', 'training', 'failed', 2, 'NaN. [WEIGHTS_NOT_FINITE]', undefined],
      ['killed', 'training', 'died', 4, 'its process is gone', undefined],
    ]);
    expect(items.get('killed')?.resume).toBe('tersor train t.yaml --resume\nin /there');
  });

  it('says what to do about a command whose password was not kept', async () => {
    const set = (url: string) => ({ args: ['study', 's.yaml', '--set', `runner.url=${url}`] });
    const url = 'redis://:${TERSOR_UI_TEST}@host';
    await writeStudy(join(folder, 'struck'), 'no server', set('redis://:***@host'));
    await writeStudy(join(folder, 'in the file'), 'no server', {
      runner: { use: 'bullmq', url: 'redis://:***@host' },
    });
    await writeStudy(join(folder, 'named'), 'no server', set(url));
    await writeStudy(join(folder, 'named in the file'), 'no server', { runner: { use: 'bullmq', url } });
    const unset = await look();
    expect(unset.get('struck')).not.toHaveProperty('resume');
    expect(unset.get('struck')?.resumeProblem).toContain("'redis://:${PASSWORD}@host'");
    // The command reads the file again, which still has it.
    expect(unset.get('in the file')?.resume).toContain('tersor study s.yaml --resume');
    for (const name of ['named', 'named in the file'])
      expect(unset.get(name)?.resumeProblem).toContain('It needs TERSOR_UI_TEST in the environment');
    process.env['TERSOR_UI_TEST'] = 'a secret';
    try {
      const items = await look();
      expect(items.get('named')?.resume).toContain(`--set 'runner.url=${url}' --resume`);
      expect(items.get('named in the file')?.resume).toContain('--resume');
      expect(JSON.stringify([...items.values()])).not.toContain('a secret');
    } finally {
      delete process.env['TERSOR_UI_TEST'];
    }
  });

  it('outlives half-written files, files of others, and folders that vanish', async () => {
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

  it('is not taken down by files that are no files, or of another shape', async () => {
    await writeDoneRun(join(folder, 'good'));
    for (const [name, file] of Object.entries({ pipe: 'summary.json', record: 'checkpoint/live.jsonl' })) {
      await mkdir(join(folder, name, 'checkpoint'), { recursive: true });
      execFileSync('mkfifo', [join(folder, name, file)]);
    }
    await writeStudy(join(folder, 'odd cells'), 'x');
    await writeFile(join(folder, 'odd cells/study.json'), '{"cells":[null,7]}');
    await beginRun(join(folder, 'odd lines'), 1);
    await addLines(join(folder, 'odd lines'), [
      { episode: null },
      { began: 7 },
      { progress: [] },
      { stage: {} },
    ]);
    const items = await look();
    expect([...items.keys()]).toEqual(['good', 'odd cells', 'odd lines', 'pipe', 'record']);
    expect(items.get('good')?.status).toBe('done');
    expect(items.get('odd cells')).toMatchObject({
      status: 'failed',
      detail: expect.stringContaining('cannot be read'),
    });
  });

  it('looks at a thousand runs, and reports only the one that changed', async () => {
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
  });
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
