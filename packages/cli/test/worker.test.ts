import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tersor } from './tersor.js';

const CONFIG = `model: model.json
dataset: cifar10
prune: { agent: random, budget: { macs: 0.5 } }
output: out
`;
const STUDY = `name: status
config: compress.yaml
grid: { prune.budget.macs: [0.6, 0.7] }
seeds: [1, 2]
output: OUT
`;

describe('a study over a queue, on the command line', () => {
  let folder: string;
  let study: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tersor-worker-'));
    study = join(folder, 'study.yaml');
    await writeFile(join(folder, 'compress.yaml'), CONFIG);
    await writeFile(study, STUDY.replace('OUT', join(folder, 'out')));
  });
  afterAll(() => rm(folder, { recursive: true }));

  test('a worker says which server it cannot reach, without the password', async () => {
    const { code, err } = await tersor('worker', '--url', 'redis://me:secret@127.0.0.1:1');
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringMatching(/redis:\/\/me:\*\*\*@127\.0\.0\.1:1 .*QUEUE_UNAVAILABLE/),
    });
    expect(err).not.toContain('secret');
  });

  test('a study names the settings that its runner needs', async () => {
    const { code, err } = await tersor('study', study, '--runner', 'bullmq');
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('url') });
  });

  test.each([
    ['redis://127.0.0.1:1', 'QUEUE_UNAVAILABLE'],
    ['postgres://me@127.0.0.1:1/base', 'QUEUE_UNAVAILABLE'],
    ['mysql://127.0.0.1', 'begins with redis://'],
  ])('a study over %s is refused before anything is written', async (url, words) => {
    const { code, err } = await tersor('study', study, '--runner', 'bullmq', '--set', `runner.url=${url}`);
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining(words) });
    expect((await tersor('study', 'status', study)).out).toBe(
      '4 trials: 0 done, 0 failed, 0 interrupted, 4 not there yet.\n',
    );
  });

  test('the state of a study is JSON, too', async () => {
    const { out } = await tersor('study', 'status', study, '--json');
    expect(JSON.parse(out)).toEqual({ trials: { total: 4, done: 0, failed: 0, interrupted: 0, missing: 4 } });
  });
});
