import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { lockOutput } from '@tersor/compression';
import { PROGRAM } from '../../test/program.js';
import { createTinyProject, type TinyProject } from '../../test/tiny-project.js';

const SIGNALS = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const;
const LONG = ['--set', 'prune.search.episodes=100000', '--set', 'checkpointSeconds=1000'];

let project: TinyProject;
let out: string;
let child: ChildProcess;
beforeAll(async () => {
  project = await createTinyProject();
  out = join(project.folder, 'stopped');
  await writeFile(
    join(project.folder, 'train.yaml'),
    'architecture: model/model.json\ndataset: { use: cifar10, dir: data, validation: 40 }\noutput: trained\ntrain: { epochs: 5000, learningRate: 0.01, batchSize: 16 }\n',
  );
  await writeFile(
    join(project.folder, 'study.yaml'),
    'name: s\nconfig: compress.yaml\nset: { prune.search.episodes: 100000 }\ngrid: { prune.budget.macs: [0.6, 0.7] }\nseeds: [1]\noutput: studies\n',
  );
});
afterEach(async () => {
  child.kill('SIGKILL');
  await rm(out, { recursive: true, force: true });
});
afterAll(() => rm(project.folder, { recursive: true, force: true }));

/** Starts the program, and resolves `until` when it has written a text to stderr. */
function start(args: readonly string[], options: { readonly standIn?: boolean } = {}) {
  const stdio = ['ignore', 'ignore', 'pipe', ...(options.standIn ? (['ipc'] as const) : [])] as const;
  const env = { ...process.env, ...(options.standIn && { TERSOR_BACKEND_ENVIRONMENT: String(process.pid) }) };
  const own = spawn(process.execPath, [...PROGRAM, ...args], {
    stdio: [...stdio],
    env,
    cwd: join(__dirname, '../../../..'),
  });
  child = own;
  let err = '';
  own.stderr!.on('data', (text) => (err += String(text)));
  const ended = once(own, 'close').then(([code, by]) => ({
    code: code as number | null,
    by: by as string | null,
    err,
  }));
  const until = async (pattern: RegExp) => {
    while (!pattern.test(err)) {
      if (own.exitCode !== null) throw new Error(`It ended: ${err}`);
      await delay(10);
    }
  };
  return { process: own, ended, until };
}

const compress = (...more: string[]) => ['compress', project.config, '--out', out, ...LONG, ...more];

describe.each(SIGNALS)('%s', (signal, code) => {
  it(`ends a compression with code ${code} and a checkpoint`, async () => {
    const run = start(compress());
    await run.until(/ 1\/100000/);
    run.process.kill(signal);
    expect(await run.ended).toMatchObject({ code, err: expect.stringContaining('--resume') });
    expect(await readdir(join(out))).toEqual(['checkpoint']);
  });

  it(`ends one that is still being set up with code ${code} and nothing written`, async () => {
    // Before the modules are loaded, while they are, and while the original is measured.
    for (const wait of [300, 600, 900, 1200]) {
      const run = start(compress());
      await delay(wait);
      run.process.kill(signal);
      const { code: ended, by } = await run.ended;
      expect(by ?? ended).toBe(by === null ? code : signal);
      expect(existsSync(out) ? await readdir(out) : []).toEqual([]);
    }
  });
});

test('a second signal ends a compression at once', async () => {
  const run = start(compress('--set', 'prune.agent.warmup=99999'));
  await run.until(/ 1\/100000/);
  // As soon as the first is heard; the same signal again within a blink is the same press of Ctrl-C, that npm
  // has passed on.
  run.process.kill('SIGINT');
  run.process.kill('SIGTERM');
  const { code, by, err } = await run.ended;
  // Where both wait for the process, the kernel may hand it the later one first.
  expect([143, 'SIGTERM', 130, 'SIGINT']).toContain(by ?? code);
  expect(err).not.toContain('[INTERRUPTED]');
});

test('Ctrl-C that arrives twice, from the terminal and from npm, is one', async () => {
  const run = start(compress());
  await run.until(/ 1\/100000/);
  run.process.kill('SIGINT');
  await delay(5);
  run.process.kill('SIGINT');
  expect(await run.ended).toMatchObject({ code: 130, err: expect.stringContaining('[INTERRUPTED]') });
  expect(await readdir(out)).toEqual(['checkpoint']);
});

test('a training is saved after its epoch, and goes on there', async () => {
  const args = ['train', join(project.folder, 'train.yaml'), '--out', out];
  const run = start(args);
  await run.until(/epoch 2\//);
  run.process.kill('SIGTERM');
  const { code, err } = await run.ended;
  expect({ code, err }).toEqual({ code: 143, err: expect.stringContaining('--resume') });
  const epochs = Number([...err.matchAll(/epoch (\d+)\/5000/g)].at(-1)![1]);
  expect(existsSync(out)).toBe(false);
  const again = start([...args, '--resume']);
  await again.until(/epoch \d+\//);
  again.process.kill('SIGTERM');
  expect((await again.ended).err).toContain(`epoch ${epochs + 1}/5000`);
  await rm(`${out}.checkpoint`, { recursive: true });
});

test('a study lets its trials save themselves, and a second signal ends them with it', async () => {
  const args = ['study', join(project.folder, 'study.yaml'), '--out', out, '--jobs', '2'];
  const run = start(args);
  const trials = async () =>
    (await readdir(join(out, 'trials')).catch(() => [])).map((id) => join(out, 'trials', id));
  const all = async (file: string) => {
    const folders = await trials();
    return folders.length === 2 && folders.every((folder) => existsSync(join(folder, file)));
  };
  while (!(await all('.lock')) || !(await all('checkpoint'))) await delay(20);
  run.process.kill('SIGHUP');
  expect(await run.ended).toMatchObject({ code: 129, err: expect.stringContaining('--resume') });
  for (const folder of await trials())
    expect(JSON.parse(await readFile(join(folder, 'trial.json'), 'utf8'))).toMatchObject({
      status: 'interrupted',
    });
  const again = start([...args, '--resume']);
  while (!(await all('.lock'))) await delay(20);
  again.process.kill('SIGINT');
  again.process.kill('SIGTERM');
  // The two may be handed over in either order.
  expect([130, 143]).toContain((await again.ended).code);
  await delay(1000);
  for (const folder of await trials()) await (await lockOutput(folder))();
});

describe('a process that another one has started in its place', () => {
  it('hears of signals by messages, once', async () => {
    const run = start(compress(), { standIn: true });
    await run.until(/ 1\/100000/);
    // At a terminal the signal itself arrives as well.
    run.process.kill('SIGINT');
    run.process.send('SIGINT');
    expect(await run.ended).toMatchObject({ code: 130, err: expect.stringContaining('[INTERRUPTED]') });
    expect(await readdir(out)).toEqual(['checkpoint']);
  });

  it('ends when that one is killed', async () => {
    const run = start(compress(), { standIn: true });
    await run.until(/ 1\/100000/);
    run.process.disconnect();
    // Its `close` would wait for a channel that is closed already.
    expect(await once(run.process, 'exit')).toEqual([130, null]);
    expect(await readdir(out)).toEqual([]);
  });
});
