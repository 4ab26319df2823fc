import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tersor } from './tersor.js';

const home = process.cwd();
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tersor-empty-'));
  await writeFile(join(folder, 'c.yaml'), 'model: m.json\ndataset: cifar10\noutput: ""\n');
  process.chdir(folder);
});
afterAll(async () => {
  process.chdir(home);
  await rm(folder, { recursive: true });
});

describe('an empty text is refused at once, instead of taking the working directory', () => {
  it.each<[string, string[]]>([
    ['--out', ['compress', 'c.yaml']],
    ['--out', ['train', 'c.yaml']],
    ['--out', ['apply', 'run']],
    ['--out', ['study', 'c.yaml']],
    ['--out', ['study', 'run-trial', 'c.yaml', '--index', '0']],
    ['--out', ['study', 'status', 'c.yaml']],
    ['--out', ['study', 'collect', 'a', 'b']],
    ['--out', ['init', '--yes']],
    ['--out', ['export', 'm.json']],
    ['--out', ['profile', 'm.json']],
    ['--out', ['report', 'a', 'b']],
    ['--folder', ['new', 'reward', 'mine']],
    ['--directory', ['compress', 'c.yaml']],
    ['--log', ['compress', 'c.yaml']],
    ['--set', ['compress', 'c.yaml', '--set', 'seed=1']],
  ])('%s of %j', async (option, command) => {
    const { code, err } = await tersor(...command, option, '');
    expect(err).toContain(`${option} is empty: it needs a value. [CONFIG_INVALID]`);
    expect(code).toBe(1);
    expect(await readdir('.')).toEqual(['c.yaml']);
  });

  it.each<[string, string[]]>([
    ['<model>', ['inspect', '']],
    ['<model>', ['export', '', '--out', 'o']],
    ['<config>', ['compress', '']],
    ['<folder>', ['report', 'a', '']],
    ['<folder>', ['ui', '']],
    ['<run>', ['apply', '']],
  ])('%s of %j', async (argument, command) => {
    const { code, err } = await tersor(...command);
    expect(err).toContain(`${argument} is empty: it needs a value. [CONFIG_INVALID]`);
    expect(code).toBe(1);
  });

  it('"output" of a config', async () => {
    const { code, err } = await tersor('compress', 'c.yaml');
    expect(err).toMatch(
      /c\.yaml:3 output is empty: Folder that the results are written to.*\[CONFIG_INVALID\]/,
    );
    expect(code).toBe(1);
    expect(await readdir('.')).toEqual(['c.yaml']);
  });

  it('a number, which would be 0', async () => {
    expect((await tersor('profile', 'm.json', '--seed', '')).err).toMatch(/--seed .*\[CONFIG_INVALID\]/);
  });
});
