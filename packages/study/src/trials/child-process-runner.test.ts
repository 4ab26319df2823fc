import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compressConfigSchema, parseConfig, type FilePlace, type Trial } from '@tersor/core';
import { describeContract, memoryPlace, runnerContract } from '@tersor/testing';
import { identity } from '../../test/fixtures.js';
import { folderPlace } from '../results/folder-place.js';
import { childProcessRunner } from './child-process-runner.js';

/** Stand-in for `tersor`: ends in the way that the config's `model` names, or else writes a summary. */
const command = [process.execPath, join(__dirname, '../../test/trial-program.cjs')];

describeContract(
  'the child-process runner, with a program that stands for tersor',
  runnerContract(() => childProcessRunner({ command, concurrency: 2 }), { identify: async () => identity }),
);

describe('childProcessRunner', () => {
  let folder: string;
  beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'tersor-runner-'))));
  afterEach(() => rm(folder, { recursive: true }));
  const runner = childProcessRunner({ command });
  const trial = (model: string, place: FilePlace = folderPlace(folder)): Trial => ({
    id: 'a',
    config: parseConfig(
      { model, dataset: 'cifar10', quantize: { agent: 'ddpg', budget: { bytes: 0.1 } } },
      compressConfigSchema,
    ),
    inputs: identity,
    directory: __dirname,
    place,
  });
  const run = (model: string, signal = new AbortController().signal) => runner.run(trial(model), signal);

  it('starts compress with the resolved config, resuming what is there', async () => {
    await expect(run('fine')).resolves.toEqual({ status: 'done' });
    const given = JSON.parse(await readFile(join(folder, 'arguments.json'), 'utf8')) as string[];
    const config = join(folder, 'config.json');
    expect(given).toEqual([
      ...['--verbose', 'compress', config, '--directory', __dirname, '--out', folder, '--resume', '--quiet'],
    ]);
    const read = parseConfig(JSON.parse(await readFile(config, 'utf8')), compressConfigSchema);
    expect(read).toEqual(trial('fine').config);
  });

  it('runs a trial whose place is not a folder in a copy, and copies everything back', async () => {
    const place = memoryPlace();
    await place.put('checkpoint/state.json', Buffer.from('before'));
    await expect(runner.run(trial('resumed', place), new AbortController().signal)).resolves.toEqual({
      status: 'done',
    });
    expect(await place.list()).toEqual([
      'arguments.json',
      'config.json',
      'log.txt',
      'seen.txt',
      'summary.json',
    ]);
    expect(Buffer.from((await place.get('seen.txt'))!).toString()).toBe('before');
  });

  it('gives the error of a trial that crashes, and keeps its log', async () => {
    await expect(run('crash')).resolves.toMatchObject({
      status: 'failed',
      error: expect.stringContaining('crashed on purpose'),
    });
    expect(await readFile(join(folder, 'log.txt'), 'utf8')).toContain('crashed on purpose');
  });

  it('keeps the error with its stack, and the logs of earlier attempts', async () => {
    const outcome = await run('thrown');
    expect(outcome).toMatchObject({
      status: 'failed',
      error: expect.stringMatching(
        /^tersor: The agent "x" threw \[PLUGIN_FAILED\]\n {4}at choose \(.*agent.js:3:5\)/,
      ),
    });
    await run('crash');
    expect(await readFile(join(folder, 'log.txt'), 'utf8')).toMatch(
      /some noise[\s\S]*PLUGIN_FAILED[\s\S]*crashed on purpose/,
    );
  });

  it('kills a trial that ignores its time limit', async () => {
    const controller = new AbortController();
    const impatient = childProcessRunner({ command, graceSeconds: 0.1 });
    const running = impatient.run(trial('deaf'), controller.signal);
    while (!(await stat(join(folder, 'ready')).catch(() => undefined)))
      await new Promise((resolve) => setTimeout(resolve, 20));
    controller.abort(new DOMException('too long', 'TimeoutError'));
    await expect(running).resolves.toEqual({ status: 'interrupted' });
  });

  it('names the signal that ended a trial', async () => {
    await expect(run('killed')).resolves.toEqual({ status: 'failed', error: 'ended by SIGKILL' });
  });

  it('reports a program that cannot be started', async () => {
    const missing = childProcessRunner({ command: [join(folder, 'no-such-program')] });
    await expect(missing.run(trial('x'), new AbortController().signal)).resolves.toMatchObject({
      status: 'failed',
      error: expect.stringContaining('ENOENT'),
    });
  });

  it.each(['slow', 'replaced'])('interrupts a %s trial, which saves itself first', async (kind) => {
    const controller = new AbortController();
    const running = run(kind, controller.signal);
    while (!(await stat(join(folder, 'ready')).catch(() => undefined)))
      await new Promise((resolve) => setTimeout(resolve, 20));
    controller.abort();
    await expect(running).resolves.toEqual({ status: 'interrupted' });
    await expect(stat(join(folder, 'saved'))).resolves.toBeDefined();
  });

  it('closes the input of a trial on Windows, where a signal would end it unsaved', async () => {
    const platform = Object.getOwnPropertyDescriptor(process, 'platform')!;
    const controller = new AbortController();
    const running = run('without-signals', controller.signal);
    while (!(await stat(join(folder, 'ready')).catch(() => undefined)))
      await new Promise((resolve) => setTimeout(resolve, 20));
    Object.defineProperty(process, 'platform', { ...platform, value: 'win32' });
    try {
      controller.abort();
    } finally {
      Object.defineProperty(process, 'platform', platform);
    }
    await expect(running).resolves.toEqual({ status: 'interrupted' });
    await expect(stat(join(folder, 'saved'))).resolves.toBeDefined();
  });
});
