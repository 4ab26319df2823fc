import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StudyResults } from '@tersor/study';
import { startTersor } from './study-process.js';
import { createTinyProject } from './tiny-project.js';
import { tersor } from './tersor.js';

const own = join(__dirname, 'own-runner/runner.cjs');

/** Trials in this process: the runner of `own-runner`, which needs no program to start. */
const STUDY = (backend: string) => `name: parts
config: compress.yaml
set: { backend: ${backend}, prune.finetune.epochs: 0, quantize.finetune.epochs: 0, prune.search.episodes: 2, quantize.search.episodes: 2 }
grid: { prune.budget.macs: [0.6] }
seeds: [1, 2]
runner: RUNNER
output: out
`;

describe('a study whose trials are jobs of a cluster', () => {
  let folder: string;
  beforeAll(async () => void ({ folder } = await createTinyProject()));
  afterAll(() => rm(folder, { recursive: true, force: true }));
  const at = (name: string) => join(folder, name);
  const write = (backend: string, runner: string) =>
    writeFile(at('study.yaml'), STUDY(backend).replace('RUNNER', runner));

  test('is gathered from the folders of its jobs, and says which numbers are missing', async () => {
    await write('{ use: wasm, workers: 1 }', `{ use: ${own}, greeting: hello }`);
    const job = (index: string) =>
      tersor('study', 'run-trial', at('study.yaml'), '--index', index, '--out', at(`job-${index}`));
    expect(await job('1')).toMatchObject({ code: 0, err: expect.stringContaining('done in') });
    const early = await tersor('study', 'collect', at('job-1'), '--out', at('all'));
    expect(early).toMatchObject({
      code: 1,
      out: expect.stringContaining('The report is'),
      err: expect.stringMatching(/1 of 2 trials are missing or failed[^]*--index 0 /),
    });
    expect(await job('0')).toMatchObject({ code: 0 });
    const { code, out } = await tersor(
      ...['study', 'collect', at('job-0'), at('job-1'), '--json', '--out', at('all')],
    );
    const { trials, variants } = JSON.parse(out) as StudyResults;
    expect(code).toBe(0);
    expect(trials.map(({ seed, status }) => [seed, status])).toEqual([
      [1, 'done'],
      [2, 'done'],
    ]);
    expect(variants[0]!.estimates.testAccuracy!.count).toBe(2);
    expect(await readdir(at('all'))).toEqual(
      expect.arrayContaining(['report.html', 'results.csv', 'results.json', 'study.json', 'trials']),
    );
  });

  test('says how the rest of a study by successive halving is run', async () => {
    await write('{ use: wasm, workers: 1 }', `{ use: ${own}, greeting: hello }`);
    const halving = 'sampler: { use: halving, least: 1, most: 2 }\nset: { prune.budget.parameters: 1e-5, ';
    const text = (await readFile(at('study.yaml'), 'utf8')).replace('set: { ', halving);
    await writeFile(at('halving.yaml'), text);
    expect((await tersor('study', at('halving.yaml'), '--out', at('halving'))).code).toBe(1);
    const { err } = await tersor('study', 'collect', at('halving'));
    expect(err).toContain(
      'Run them with "tersor study" and --resume: successive halving does not run in parts.',
    );
  });

  test.each([
    ['run-trial', ['study.yaml', '--index', '2'], 'The study has 2 trials: there is no part 2.'],
    ['run-trial', ['study.yaml'], '--index'],
    ['run-trial', ['study.yaml', '--index', 'x'], 'whole number from 0'],
    ['run-trial', ['study.yaml', '--index', '0', '--resume'], 'has no option --resume'],
    ['collect', ['job-0', 'job-1'], '--out'],
    ['collect', ['nowhere'], 'There is no study in'],
  ])('refuses %s %j before it does anything', async (command, [path, ...more], words) => {
    await write('{ use: wasm, workers: 1 }', `{ use: ${own}, greeting: hello }`);
    const { code, err } = await tersor(
      'study',
      command,
      at(path!),
      ...more.map((arg) => (arg.startsWith('job') ? at(arg) : arg)),
    );
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining(words) });
    await expect(readdir(at('out'))).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

const withNode = (process.env['TERSOR_REQUIRE_BACKENDS'] ?? '').split(',').includes('node')
  ? test
  : test.skip;

// A trial's command line has an option of the same name as one of the library's own loader.
withNode(
  'a trial in a process of its own runs on the node backend (set TERSOR_REQUIRE_BACKENDS=node)',
  async () => {
    const { folder } = await createTinyProject();
    try {
      await writeFile(join(folder, 'study.yaml'), STUDY('node').replace('RUNNER', 'child-process'));
      const args = [
        'study',
        'run-trial',
        join(folder, 'study.yaml'),
        '--index',
        '0',
        '--out',
        join(folder, 'job'),
      ];
      const { code, err } = await startTersor(args).ended;
      expect({ code, err }).toEqual({ code: 0, err: expect.stringContaining('done in') });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
);
