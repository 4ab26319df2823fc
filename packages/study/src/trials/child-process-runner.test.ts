import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { childProcessRunner } from './child-process-runner.js';

jest.setTimeout(60_000); // Every test starts processes: slow on a busy machine.

describe('childProcessRunner', () => {
  let folder: string;
  beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'tersor-runner-'))));
  afterEach(() => rm(folder, { recursive: true }));
  const runner = childProcessRunner([process.execPath, join(__dirname, '../../test/trial-program.cjs')]);
  const run = (configPath: string, signal = new AbortController().signal) =>
    runner.run({ id: 'a', configPath, overrides: ['seed=2', 'x="y z"'], folder }, signal);

  it('starts compress with the settings, resuming what is there', async () => {
    await expect(run('fine')).resolves.toEqual({ status: 'done' });
    const given = JSON.parse(await readFile(join(folder, 'arguments.json'), 'utf8')) as string[];
    expect(given).toEqual([
      '--verbose',
      'compress',
      'fine',
      '--out',
      folder,
      '--resume',
      '--quiet',
      '--set',
      'seed=2',
      '--set',
      'x="y z"',
    ]);
  });

  it('gives the error of a trial that crashes, and keeps its log', async () => {
    await expect(run('crash')).resolves.toMatchObject({
      status: 'failed',
      error: expect.stringContaining('crashed on purpose'),
    });
    expect(await readFile(join(folder, 'log.txt'), 'utf8')).toContain('crashed on purpose');
  });

  it('keeps the stack of the error, from the line that says what it is, and the logs of earlier attempts', async () => {
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

  it('ends a trial that outstays its time, although it does not listen', async () => {
    const controller = new AbortController();
    const impatient = childProcessRunner(
      [process.execPath, join(__dirname, '../../test/trial-program.cjs')],
      {
        graceMs: 100,
      },
    );
    const running = impatient.run({ id: 'a', configPath: 'deaf', overrides: [], folder }, controller.signal);
    while (!(await stat(join(folder, 'ready')).catch(() => undefined)))
      await new Promise((resolve) => setTimeout(resolve, 20));
    controller.abort(new DOMException('too long', 'TimeoutError'));
    await expect(running).resolves.toEqual({ status: 'interrupted' });
  });

  it('says which signal ended a trial', async () => {
    await expect(run('killed')).resolves.toEqual({ status: 'failed', error: 'ended by SIGKILL' });
  });

  it('says when the program cannot be started', async () => {
    const missing = childProcessRunner([join(folder, 'no-such-program')]);
    await expect(
      missing.run({ id: 'a', configPath: 'x', overrides: [], folder }, new AbortController().signal),
    ).resolves.toMatchObject({ status: 'failed', error: expect.stringContaining('ENOENT') });
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
});
