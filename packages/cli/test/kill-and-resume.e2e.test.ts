import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createRandom } from '@tersor/core';
import { runAndKill, type Kill } from './killed-program.js';
import { createTinyProject } from './tiny-project.js';

const STAGES = [
  'stage 1: pruning search',
  'stage 1: fine-tune',
  'stage 2: bit width search',
  'stage 2: quantization-aware fine-tune',
];
const KILLS_PER_STAGE = 5;
/**
 * A kill comes at most so many milliseconds after the first sign of progress in its stage; the stages last
 * several times as long.
 */
const LONGEST_WAIT = 60;

/** An agent that learns, in networks that are no larger than they must be. */
const AGENT = '{ use: ddpg, warmup: 2, hidden: [64, 64] }';
const SETTINGS = [
  `prune.agent=${AGENT}`,
  'prune.search.episodes=60',
  'prune.finetune.epochs=30',
  `quantize.agent=${AGENT}`,
  'quantize.search.episodes=60',
  'quantize.finetune.epochs=30',
].flatMap((value) => ['--set', value]);

/** Runs a compression in a process of its own. Gives the stages that it reached, too. */
async function compress(config: string, out: string, kill?: Kill, more: readonly string[] = []) {
  const ended = await runAndKill(['compress', config, '--out', out, '--resume', ...SETTINGS, ...more], kill);
  return { ...ended, stages: STAGES.filter((stage) => ended.err.includes(stage)) };
}

test('a run that is killed at 20 random moments, in both searches and both fine-tunes, and resumed each time ends with the policy and the bytes of one that was left alone', async () => {
  const { folder, config } = await createTinyProject();
  const random = createRandom(11, 'kills');
  const [whole, killed] = [join(folder, 'whole'), join(folder, 'killed')];
  try {
    expect(await compress(config, whole)).toMatchObject({ code: 0, stages: STAGES });
    const landed: string[] = [];
    for (const stage of STAGES) {
      for (let kill = 0; kill < KILLS_PER_STAGE; kill++) {
        const { code, stages, err } = await compress(config, killed, {
          after: stage,
          wait: random.uniform() * LONGEST_WAIT,
        });
        expect({ code, err }).toEqual({ code: null, err: expect.not.stringContaining('damaged') });
        landed.push(stages.at(-1)!);
      }
    }
    for (const stage of STAGES)
      expect(landed.filter((name) => name === stage).length).toBeGreaterThanOrEqual(2);
    expect(await compress(config, killed)).toMatchObject({ code: 0 });
    for (const file of ['policy.json', 'model.tersor', 'pruned/weights.bin', 'model/weights.bin']) {
      expect((await readFile(join(killed, file))).equals(await readFile(join(whole, file)))).toBe(true);
    }
    const episodes = async (out: string) =>
      (await readFile(join(out, 'episodes.jsonl'), 'utf8'))
        .trim()
        .split('\n')
        .map((line) => ({ ...(JSON.parse(line) as object), seconds: 0 }));
    expect(await episodes(killed)).toEqual(await episodes(whole));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}, 600_000);

test('killed in the second of two rounds of pruning, in its search and in its fine-tune, a resumed run ends the same, too', async () => {
  const { folder, config } = await createTinyProject();
  const random = createRandom(12, 'kills');
  const [whole, killed] = [join(folder, 'whole'), join(folder, 'killed')];
  const rounds = [
    'prune.stages=[{macs: 0.8}]',
    'prune.search.episodes=20',
    'quantize.search.episodes=3',
    'quantize.finetune.epochs=0',
  ].flatMap((value) => ['--set', value]);
  try {
    expect(await compress(config, whole, undefined, rounds)).toMatchObject({ code: 0 });
    for (const stage of ['stage 1: pruning search, round 2 of 2', 'stage 1: fine-tune, round 2 of 2']) {
      expect(
        await compress(config, killed, { after: stage, wait: random.uniform() * LONGEST_WAIT }, rounds),
      ).toMatchObject({ code: null, err: expect.stringContaining(stage) });
    }
    const { code, err } = await compress(config, killed, undefined, rounds);
    expect({ code, err }).toEqual({ code: 0, err: expect.not.stringContaining('round 1 of 2') });
    for (const file of ['policy.json', 'model.tersor', 'pruned/weights.bin']) {
      expect((await readFile(join(killed, file))).equals(await readFile(join(whole, file)))).toBe(true);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}, 600_000);
