import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TersorError } from '@tersor/core';
import { openRunLog } from './run-log.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tersor-log-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const lines = async (file: string) =>
  (await readFile(file, 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

test('every event is a JSON object on its own line, and a second run goes on in the same file', async () => {
  const file = join(folder, 'logs/run.jsonl');
  const first = await openRunLog(file);
  first.events.onStage?.('prune');
  first.events.onProgress?.({ stage: 'prune', done: 3, total: 8, unit: 'episodes', reward: 0.5, best: 0.6 });
  first.events.onNotice?.('something to know');
  first.end(new TersorError('INTERRUPTED', 'Stopped as requested.'));
  const second = await openRunLog(file);
  second.end();
  const written = await lines(file);
  expect(written).toMatchObject([
    { level: 30, stage: 'prune', msg: 'stage', pid: process.pid },
    {
      level: 30,
      stage: 'prune',
      done: 3,
      total: 8,
      unit: 'episodes',
      reward: 0.5,
      best: 0.6,
      msg: 'progress',
    },
    { level: 40, msg: 'something to know' },
    { level: 50, code: 'INTERRUPTED', err: { message: 'Stopped as requested.' }, msg: 'failed' },
    { level: 30, msg: 'done' },
  ]);
  for (const { time } of written) expect(Number.isNaN(Date.parse(time as string))).toBe(false);
});

test('a log that cannot be written is a clear error', async () => {
  await writeFile(join(folder, 'file'), '');
  await expect(openRunLog(join(folder, 'file/run.jsonl'))).rejects.toMatchObject({
    code: 'OUTPUT_FAILED',
    message: expect.stringContaining('file/run.jsonl'),
  });
});

(process.platform === 'linux' ? test : test.skip)(
  'nor does one below /proc or in a pipe that nobody reads make the run wait',
  async () => {
    execFileSync('mkfifo', [join(folder, 'fifo')]);
    for (const path of ['/proc/x/run.jsonl', '/proc/run.jsonl', join(folder, 'fifo'), join(folder, 'a\0b')]) {
      await expect(openRunLog(path)).rejects.toMatchObject({
        code: 'OUTPUT_FAILED',
        hint: expect.stringContaining('--log'),
      });
    }
  },
);
