import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { constants } from 'node:os';
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

/** An agent that never begins: a first signal waits for it, so that a second one finds the program there. */
const ENDLESS = `
const options = { '~standard': { version: 1, vendor: 'none', validate: (value) => ({ value }) } };
const agent = (task) => ({
  prepare: () => (process.stderr.write('preparing'), new Promise(() => setInterval(() => undefined, 1000))),
  act: () => task.actionSpace.low,
  observe() {},
  learn: () => ({}),
  save: () => ({}),
  load() {},
  dispose() {},
});
module.exports = {
  tersorPlugin: 1, name: 'mine', kind: 'agent', id: 'endless', core: '>=0.1.0 <1.0.0', description: '', options,
  create: () => agent,
};`;

let project: TinyProject;
let out: string;
let child: ChildProcess;
beforeAll(async () => {
  project = await createTinyProject();
  out = join(project.folder, 'stopped');
  const write = (name: string, text: string) => writeFile(join(project.folder, name), text);
  await write('endless.cjs', ENDLESS);
  await write(
    'train.yaml',
    'architecture: model/model.json\ndataset: { use: cifar10, dir: data, validation: 40 }\noutput: trained\nbackend: { use: wasm, workers: 1 }\ntrain: { epochs: 5000, learningRate: 0.01, batchSize: 16 }\n',
  );
  const study =
    'name: s\nconfig: compress.yaml\ngrid: { prune.budget.macs: [0.6, 0.7] }\nseeds: [1]\noutput: studies\n';
  await write('study.yaml', `${study}set: { prune.search.episodes: 100000 }\n`);
  await write('endless.yaml', `${study}set: { prune.agent: ./endless.cjs }\n`);
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
  const untilHolds = async (holds: () => boolean | Promise<boolean>) => {
    while (!(await holds())) {
      if (own.exitCode !== null || own.signalCode !== null) throw new Error(`It ended: ${err}`);
      await delay(10);
    }
  };
  const until = (pattern: RegExp) => untilHolds(() => pattern.test(err));
  return { process: own, ended, until, untilHolds };
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
    // Before the modules are loaded, while they are, and while the original is measured; a fast machine may
    // be past that at the last.
    let early = 0;
    for (const wait of [100, 300, 500, 700]) {
      const run = start(compress());
      await delay(wait);
      run.process.kill(signal);
      const { code: ended, by, err } = await run.ended;
      expect(by ?? ended).toBe(by === null ? code : signal);
      const hasBegun = err.includes('stage 1: pruning search');
      if (!hasBegun) early++;
      expect(existsSync(out) ? await readdir(out) : []).toEqual(hasBegun ? ['checkpoint'] : []);
      await rm(out, { recursive: true, force: true });
    }
    expect(early).toBeGreaterThan(0);
  });
});

test('a second signal ends a compression at once', async () => {
  const run = start(compress('--set', 'prune.agent=./endless.cjs'));
  await run.until(/preparing/);
  run.process.kill('SIGINT');
  // Sent before the first was heard, it could be handed over first: the kernel gives them to any thread.
  await run.until(/Finishing this episode/);
  run.process.kill('SIGTERM');
  const { code, by, err } = await run.ended;
  // A moment after the first the program listens no more, and the system ends it.
  expect(by === null ? code : 128 + constants.signals[by as NodeJS.Signals]).toBe(143);
  expect(err).not.toContain('[INTERRUPTED]');
});

test('Ctrl-C that arrives twice, from the terminal and from npm, is one', async () => {
  let run = start(compress());
  for (;;) {
    await run.until(/ 1\/100000/);
    const first = performance.now();
    run.process.kill('SIGINT');
    await delay(5);
    run.process.kill('SIGINT');
    if (performance.now() - first < 50) break;
    // This process had to wait for its turn: to that one the second may have been another Ctrl-C.
    await run.ended;
    await rm(out, { recursive: true, force: true });
    run = start(compress());
  }
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

const trials = async () =>
  (await readdir(join(out, 'trials')).catch(() => [])).map((id) => join(out, 'trials', id));

test('a study lets its trials save themselves', async () => {
  const run = start(['study', join(project.folder, 'study.yaml'), '--out', out, '--jobs', '2']);
  const all = async (file: string) => {
    const folders = await trials();
    return folders.length === 2 && folders.every((folder) => existsSync(join(folder, file)));
  };
  await run.untilHolds(() => all('checkpoint'));
  run.process.kill('SIGHUP');
  expect(await run.ended).toMatchObject({ code: 129, err: expect.stringContaining('--resume') });
  for (const folder of await trials())
    expect(JSON.parse(await readFile(join(folder, 'trial.json'), 'utf8'))).toMatchObject({
      status: 'interrupted',
    });
});

test('a second signal ends a study, and its trials with it', async () => {
  const run = start(['study', join(project.folder, 'endless.yaml'), '--out', out, '--jobs', '2']);
  const logs = async () =>
    Promise.all((await trials()).map((folder) => readFile(join(folder, 'log.txt'), 'utf8').catch(() => '')));
  const preparing = async () => (await logs()).filter((text) => text.includes('preparing')).length;
  await run.untilHolds(async () => (await preparing()) === 2);
  run.process.kill('SIGINT');
  await run.until(/Waiting for the running trials/);
  run.process.kill('SIGTERM');
  expect((await run.ended).code).toBe(143);
  // What ends without a word leaves its lock, which the next one takes over; a trial that goes on holds it.
  const isFree = (folder: string) =>
    lockOutput(folder).then(
      (release) => release().then(() => true),
      () => false,
    );
  // Before those end by themselves whose study is gone (`GRACE_MS`).
  const end = performance.now() + 30_000;
  for (const folder of await trials())
    while (!(await isFree(folder))) {
      expect(performance.now()).toBeLessThan(end);
      await delay(50);
    }
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
    expect(await readdir(join(out, 'checkpoint'))).toEqual(['live.jsonl']);
  });
});
