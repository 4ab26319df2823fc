import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { LayerGraph, RunIdentity } from '@tersor/core';
import type { SearchState } from '@tersor/rl';
import { checkpointStore, type CheckpointStore } from './checkpoint.js';
import type { Origin } from './origin.js';
import { openRun } from './resume-run.js';
import type { RunState } from './run-state.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tersor-checkpoint-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const identity: RunIdentity = {
  tersor: '1.0.0',
  model: { topology: 't', weights: 'w' },
  dataset: 'd',
  files: {},
  plugins: {
    'agent/prune': '@tersor/agent-ddpg#ddpg 1.0.0',
    'agent/quantize': '@tersor/agent-ppo#ppo 1.0.0',
  },
};
const config = {
  model: 'model/model.json',
  seed: 1,
  prune: { agent: { use: 'ddpg' } },
  quantize: { budget: { bytes: 0.5 } },
  output: 'a',
};
const origin: Origin = { config, identity };
const store = (given: Origin = origin) => checkpointStore<unknown>(join(folder, 'checkpoint'), given);

describe('checkpointStore', () => {
  it('gives the newest state back, typed arrays and all, with what it belongs to, and keeps two files', async () => {
    expect(await store().load()).toBeUndefined();
    for (let i = 0; i < 4; i++) await store().save({ i, weights: [Float32Array.of(i)] });
    expect(await store().load()).toEqual({ state: { i: 3, weights: [Float32Array.of(3)] }, origin });
    expect(await readdir(join(folder, 'checkpoint'))).toEqual(['000003.ckpt', '000004.ckpt']);
  });

  it('falls back to the one before a damaged one and names it', async () => {
    await store().save('first');
    await store().save('second');
    await truncate(join(folder, 'checkpoint/000002.ckpt'), 40);
    const damaged: string[] = [];
    expect(await store().load((file) => damaged.push(file))).toMatchObject({ state: 'first' });
    expect(damaged).toEqual([join(folder, 'checkpoint/000002.ckpt')]);
  });

  it('says when it cannot write, and speaks of a checkpoint only where there is one', async () => {
    await writeFile(join(folder, 'checkpoint'), 'a file');
    await expect(store().save(1)).rejects.toMatchObject({
      code: 'OUTPUT_FAILED',
      hint: expect.not.stringContaining('--resume'),
    });
  });

  it('keeps nothing aside where there is nothing, and never replaces what was kept before', async () => {
    expect(await store().keepAside('move')).toBeUndefined();
    for (const number of [1, 2]) {
      await store().save(number);
      expect(await store().keepAside('move')).toBe(join(folder, `checkpoint-kept-${number}`));
    }
    await store().save(3);
    expect(await store().keepAside('copy')).toBe(join(folder, 'checkpoint-kept-3'));
    expect((await readdir(folder)).sort()).toEqual([
      'checkpoint',
      'checkpoint-kept-1',
      'checkpoint-kept-2',
      'checkpoint-kept-3',
    ]);
  });

  it('removes its own files, half ones of a killed run too, and nothing of somebody else', async () => {
    await store().save(1);
    await writeFile(join(folder, 'checkpoint/000002.ckpt.tmp'), 'half');
    await store().clear();
    expect(await readdir(folder)).toEqual([]);
    await store().save(1);
    await writeFile(join(folder, 'checkpoint/mine.pt'), 'precious');
    await store().clear();
    expect(await readdir(join(folder, 'checkpoint'))).toEqual(['mine.pt']);
  });

  it('leaves no half file on a full disk, keeps the checkpoint before, and goes on once there is room', async () => {
    if (process.platform === 'win32') return; // The limit on a file's size is the shell's.
    const script = join(__dirname, '../../test/save-checkpoint.ts');
    const limited = promisify(execFile)(
      'bash',
      [
        '-c',
        `ulimit -f 64; trap '' XFSZ; exec "$0" --conditions=tersor/source --require "$@"`,
        process.execPath,
        join(__dirname, '../../../../tools/read-sources.cjs'),
        script,
        join(folder, 'checkpoint'),
      ],
      { cwd: join(__dirname, '../../../..') },
    );
    expect(JSON.parse((await limited).stdout)).toMatchObject({
      code: 'OUTPUT_FAILED',
      hint: expect.stringContaining('The last checkpoint is still there'),
    });
    expect(await readdir(join(folder, 'checkpoint'))).toEqual(['000001.ckpt']);
    expect(await store().load()).toMatchObject({ state: 'small' });
  });
});

describe('openRun', () => {
  const open = async (given: Origin, resume = true) => {
    const notices: string[] = [];
    const state = await openRun(store(given) as CheckpointStore<RunState>, {
      origin: given,
      resume,
      onNotice: (text) => notices.push(text),
    });
    return { state, notices };
  };
  const changed = (change: Partial<RunIdentity>): Origin => ({
    config,
    identity: { ...identity, ...change },
  });
  const done: RunState = {
    prune: { rounds: { found: [], graph: {} as LayerGraph }, graph: {} as LayerGraph },
    quantize: { search: { state: {} as SearchState, episodes: [], evaluations: 7, seconds: 1 } },
  };

  it('goes on with the same state for the same run, whatever the folder, the pace of checkpoints and the place of the model', async () => {
    await store().save(done);
    const elsewhere = {
      config: { ...config, output: 'b', checkpointSeconds: 5, model: '/moved/model.json' },
      identity,
    };
    expect(await open(elsewhere)).toEqual({ state: done, notices: [] });
  });

  it.each<[string, Origin, RegExp]>([
    [
      'another agent',
      { config: { ...config, prune: { agent: { use: 'ppo' } } }, identity },
      /"prune\.agent\.use" was "ddpg" and is now "ppo"/,
    ],
    [
      'a nested option that is called output',
      { config: { ...config, prune: { agent: { use: 'ddpg', output: 2 } } }, identity },
      /"prune\.agent\.output" was not set and is now 2/,
    ],
    [
      'other weights',
      changed({ model: { topology: 't', weights: 'x' } }),
      /the model model\/model\.json has other weights than when the checkpoint was made/,
    ],
    [
      'another network',
      changed({ model: { topology: 'x', weights: 'x' } }),
      /the model model\/model\.json has another topology and other weights than/,
    ],
    ['other data', changed({ dataset: 'x' }), /the data set has other images, labels or splits/],
    [
      "another content of an option's file",
      changed({ files: { 'prune.budget.latency: table.json': 'x' } }),
      /prune\.budget\.latency: table\.json has other content than when the checkpoint was made/,
    ],
    [
      'another version of a plugin',
      changed({ plugins: { ...identity.plugins, 'agent/prune': '@tersor/agent-ddpg#ddpg 1.0.1' } }),
      /the plugin for agent\/prune was @tersor\/agent-ddpg#ddpg 1\.0\.0 and is now @tersor\/agent-ddpg#ddpg 1\.0\.1/,
    ],
    [
      'another version of a plugin of a stage 2 that has begun',
      changed({ plugins: { ...identity.plugins, 'agent/quantize': '@tersor/agent-ppo#ppo 1.0.1' } }),
      /the plugin for agent\/quantize was/,
    ],
    ['another Tersor', changed({ tersor: '2.0.0' }), /Tersor was 1\.0\.0 and is now 2\.0\.0/],
  ])('refuses %s, names it and leaves the checkpoint alone', async (_, now, message) => {
    await store().save(done);
    await expect(open(now)).rejects.toMatchObject({
      code: 'CHECKPOINT_MISMATCH',
      message: expect.stringMatching(message),
    });
    expect(await open(origin)).toEqual({ state: done, notices: [] });
  });

  const stageTwo: Origin = { config: { ...config, quantize: { budget: { bytes: 0.6 } } }, identity };

  it('keeps stage 1 when the config of stage 2 was changed, says so, and keeps what stage 2 had done aside', async () => {
    await store().save(done);
    const { state, notices } = await open(stageTwo);
    expect(state).toEqual({ prune: done.prune, quantize: {} });
    expect(notices).toEqual([
      expect.stringMatching(
        /"quantize\.budget\.bytes" was 0\.5 and is now 0\.6.*stage 1 is kept, stage 2 starts again.*checkpoint-kept-1/,
      ),
    ]);
    expect(await open(stageTwo)).toEqual({ state, notices: [] });
    expect(await checkpointStore(join(folder, 'checkpoint-kept-1'), origin).load()).toEqual({
      state: done,
      origin,
    });
  });

  it('goes on where stage 1 stopped when stage 2, which has not begun, was changed, its plugins included', async () => {
    const early: RunState = { prune: { search: done.quantize.search! }, quantize: {} };
    await store().save(early);
    const { state, notices } = await open({
      config: stageTwo.config,
      identity: { ...identity, plugins: { ...identity.plugins, 'agent/quantize': 'other#agent 2.0.0' } },
    });
    expect({ state, notices }).toEqual({
      state: early,
      notices: [expect.stringContaining('stage 1 continues where it stopped')],
    });
  });

  it('starts over without resume, and says where the checkpoint is that it found', async () => {
    await store().save(done);
    const { state, notices } = await open(origin, false);
    expect(state).toEqual({ prune: {}, quantize: {} });
    expect(notices).toEqual([
      expect.stringMatching(
        /checkpoint-kept-1: to go on from it, stop this run, move that folder to .*checkpoint and add --resume/,
      ),
    ]);
    await rename(join(folder, 'checkpoint-kept-1'), join(folder, 'checkpoint'));
    expect(await open(origin)).toEqual({ state: done, notices: [] });
  });

  it('says that it starts from the beginning when no checkpoint is whole', async () => {
    await store().save(done);
    await truncate(join(folder, 'checkpoint/000001.ckpt'), 40);
    expect(await open(origin)).toEqual({
      state: { prune: {}, quantize: {} },
      notices: [expect.stringContaining('no other is whole, so this starts from the beginning')],
    });
  });
});
