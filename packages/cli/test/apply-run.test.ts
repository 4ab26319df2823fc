import { cp, mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Summary } from '@tersor/compression';
import { tersor } from './tersor.js';
import { createTinyProject, type TinyProject } from './tiny-project.js';

const SAME = ['model.tersor', 'model/weights.bin', 'pruned/weights.bin', 'policy.json', 'layers.json'];

describe('tersor apply of a run alone', () => {
  let project: TinyProject;
  beforeEach(async () => {
    project = await createTinyProject();
    await mkdir(at('configs'));
    await rename(project.config, at('configs/compress.yaml'));
    const settings = ['model=../model/model.json', 'dataset.dir=../data', 'prune.search.episodes=3'];
    const { code, err } = await tersor(
      ...['compress', at('configs/compress.yaml'), '--out', at('out/found'), '--quiet'],
      ...settings.flatMap((setting) => ['--set', setting]),
    );
    expect({ code, err }).toMatchObject({ code: 0 });
  });
  afterEach(() => rm(project.folder, { recursive: true, force: true }));

  const at = (path: string) => join(project.folder, path);
  const read = (path: string) => readFile(at(path));
  const summary = async (out: string) => JSON.parse(String(await read(`${out}/summary.json`))) as Summary;
  const apply = (run: string, ...more: string[]) => tersor('apply', at(run), '--quiet', ...more);
  const expectSame = async (out: string) => {
    for (const file of SAME)
      expect([file, (await read(`${out}/${file}`)).equals(await read(`out/found/${file}`))]).toEqual([
        file,
        true,
      ]);
  };

  it('needs no config and no output folder, and never writes over one', async () => {
    expect(JSON.parse(String(await read('out/found/config-folder.json')))).toEqual({
      directory: '../../configs',
    });
    const { code, err, out } = await apply('out/found');
    expect({ code, err }).toMatchObject({ code: 0 });
    expect(err).toContain(`its paths start from ${at('configs')}.`);
    expect(out).toContain('found-applied/report.html');
    await expectSame('out/found-applied');
    // The same config again, as if it had been read from its file.
    expect((await summary('out/found-applied')).config).toEqual((await summary('out/found')).config);
    expect((await summary('out/found-applied')).notices).toEqual((await summary('out/found')).notices);

    const before = await read('out/found-applied/summary.json');
    for (const more of [[], ['--resume']])
      expect(await apply('out/found', ...more)).toMatchObject({
        code: 1,
        err: expect.stringMatching(/found-applied has results already.*\[CONFIG_INVALID\]\n.*--out/),
      });
    expect(await read('out/found-applied/summary.json')).toEqual(before);

    // A run that was applied is a run, and its policy.json is enough to find it.
    expect(await apply('out/found-applied/policy.json')).toMatchObject({ code: 0 });
    await expectSame('out/found-applied-applied');
  });

  it('applies an episode into a folder of its own, with changes to the config', async () => {
    expect(await apply('out/found', '--episode', '2')).toMatchObject({ code: 0 });
    expect(await apply('out/found', '--episode', '2', '--stage', 'quantize')).toMatchObject({ code: 0 });
    const changed = await apply('out/found', '--episode', '3', '--set', 'prune.finetune.epochs=0');
    expect(changed).toMatchObject({ code: 0 });
    expect((await readdir(at('out'))).sort()).toEqual([
      'found',
      'found-episode-2',
      'found-episode-3',
      'found-quantize-episode-2',
    ]);
    expect((await summary('out/found-episode-3')).config.prune!.finetune.epochs).toBe(0);
    const bad = await apply('out/found', '--episode', '1', '--set', 'prune.budgets.macs=1');
    expect(bad.err).toMatch(/"config" in .*summary\.json .*budgets.*\[CONFIG_INVALID\]/);
  });

  it('moves with its project, and says what is gone where it was moved alone', async () => {
    const moved = `${project.folder}-moved`;
    await rename(project.folder, moved);
    project = { ...project, folder: moved };
    expect(await apply('out/found')).toMatchObject({ code: 0 });
    await expectSame('out/found-applied');

    await mkdir(at('elsewhere/deep'), { recursive: true });
    await cp(at('out/found'), at('elsewhere/deep/alone'), { recursive: true });
    expect(await apply('elsewhere/deep/alone')).toMatchObject({
      code: 1,
      err: expect.stringMatching(
        /start from .*elsewhere.configs, which is not there.*\[CONFIG_NOT_FOUND\]\n.*--directory/,
      ),
    });
    expect(await apply('elsewhere/deep/alone', '--directory', at('configs'))).toMatchObject({ code: 0 });
    await rm(at('elsewhere/deep/alone/config-folder.json'));
    expect((await apply('elsewhere/deep/alone', '--episode', '1')).err).toMatch(
      /does not say which folder.*\[CONFIG_NOT_FOUND\]\n.*--directory/,
    );
    await rename(at('model'), at('models'));
    const gone = await apply('out/found', '--episode', '1');
    expect(gone.err).toMatch(/model\/model\.json.*\[MODEL_NOT_FOUND\]/);
    expect(await readdir(at('out'))).not.toContain('found-episode-1');
    const set = ['--set', 'model=../models/model.json'];
    expect(await apply('out/found', '--episode', '1', ...set)).toMatchObject({ code: 0 });
  });

  it('notes other weights and other data than the policy was found with', async () => {
    const weights = await read('model/weights.bin');
    weights.writeFloatLE(0.25, 0);
    await writeFile(at('model/weights.bin'), weights);
    const { code, err } = await apply('out/found', '--set', 'dataset.validation=30');
    expect(code).toBe(0);
    expect(err).toMatch(
      /note: Not as when the policy was found: the model has other weights; the data set has other images/,
    );
  });

  it('asks for what a policy that came alone does not tell', async () => {
    await mkdir(at('alone'));
    await cp(at('out/found/policy.json'), at('alone/policy.json'));
    expect((await apply('alone/policy.json')).err).toMatch(
      /alone is not the output folder of a run.*\[CONFIG_INVALID\]\n.*--out/,
    );
    expect((await apply('alone/policy.json', '--out', at('out/it'))).err).toMatch(
      /does not hold the config of a run.*\[CONFIG_NOT_FOUND\]\n.*--config/,
    );
    await mkdir(at('out/found-applied'));
    await writeFile(at('out/found-applied/notes.txt'), 'mine');
    expect((await apply('out/found')).err).toMatch(/found-applied is not empty.*\n.*--resume/);
    expect(await apply('out/found', '--resume')).toMatchObject({ code: 0 });
    expect(String(await read('out/found-applied/notes.txt'))).toBe('mine');
  });
});
