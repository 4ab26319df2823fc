import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tersor } from './tersor.js';
import { createTinyProject, type TinyProject } from './tiny-project.js';

let project: TinyProject;
const at = (path: string) => join(project.folder, path);
const compared = (out: string) => tersor('report', at('run1'), at('run2'), '--out', at(out));
beforeAll(async () => {
  project = await createTinyProject();
  const quick = ['prune', 'quantize'].flatMap((stage) => [
    ...['--set', `${stage}.search.episodes=1`],
    ...['--set', `${stage}.finetune.epochs=0`],
  ]);
  for (const run of ['run1', 'run2'])
    await tersor('compress', project.config, '--out', at(run), '--quiet', ...quick);
  await symlink(at('run1'), at('link'));
  await mkdir(at('run1/below'));
});
afterAll(() => rm(project.folder, { recursive: true, force: true }));

describe('the page of tersor report A B', () => {
  it('replaces one that it wrote before', async () => {
    expect(await compared('pages/compared.html')).toMatchObject({ code: 0, err: '' });
    expect(await compared('pages/compared.html')).toMatchObject({ code: 0, err: '' });
  });

  it.each<[string, string, RegExp]>([
    ['results that it compares', 'run2/model.tersor', /model\.tersor lies in .*run2, which it compares\./],
    ['their report', 'run1/report.html', /lies in .*run1, which it compares/],
    ['them, through a link', 'link/report.html', /lies in .*run1, which it compares/],
    ['a file below them', 'run1/below/new.html', /lies in .*run1, which it compares/],
    ['a file of another', 'compress.yaml', /compress\.yaml would be replaced, but it is not a comparison/],
    ['a page of another kind', 'other.html', /other\.html would be replaced, but it is not a comparison/],
  ])('does not replace %s', async (_what, out, message) => {
    await writeFile(at('other.html'), await readFile(at('run1/report.html')));
    const before = await readFile(at(out)).catch(() => undefined);
    const { code, err } = await compared(out);
    expect(err).toMatch(message);
    expect(err).toMatch(/\[CONFIG_INVALID\]\n {2}Choose another file with --out\./);
    expect(code).toBe(1);
    expect(await readFile(at(out)).catch(() => undefined)).toEqual(before);
  });
});
