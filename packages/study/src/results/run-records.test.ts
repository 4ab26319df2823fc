import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { episodes, layers, makeStudy, studyFolder, summaryOf } from '../../test/fixtures.js';
import { planStudy } from '../plan/study-plan.js';
import { folderPlace } from './folder-place.js';
import { readRun } from './read-run.js';

describe('the files of a run that are damaged, or of another program', () => {
  let folder: string;
  let summary: object;
  beforeAll(async () => {
    const place = await studyFolder();
    const { trials } = await planStudy(makeStudy(), place.path);
    summary = summaryOf(trials[0]!.config);
    await rm(place.folder, { recursive: true });
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tersor-run-'));
    await write('summary.json', summary);
    await write('layers.json', layers());
    await writeFile(join(folder, 'episodes.jsonl'), `${JSON.stringify(episodes(1)[0])}\n`);
  });
  afterEach(() => rm(folder, { recursive: true }));
  const write = (name: string, value: unknown) => writeFile(join(folder, name), JSON.stringify(value));
  const read = () => readRun(folderPlace(folder), 'run1');

  it.each([['null'], ['{}'], ['7'], ['"text"'], ['{"stage":"prune","episode":1}'], ['{"stage":"other"}']])(
    'leaves out the line %s, which is no episode',
    async (line) => {
      const whole = (await read()).episodes;
      expect(whole).toHaveLength(1);
      await writeFile(join(folder, 'episodes.jsonl'), `${line}\n${JSON.stringify(whole[0])}\n`);
      expect((await read()).episodes).toEqual(whole);
    },
  );

  it.each([
    ['null', null],
    ['another program', { total: {} }],
    ['no result', { compressed: null }],
    ['a result without its size', { compressed: { accuracy: { validation: 1, test: 1 }, bytes: null } }],
    ['no searches', { search: undefined }],
  ])('says that the summary of %s is not that of a run', async (_, changes) => {
    await write('summary.json', changes && !('total' in changes) ? { ...summary, ...changes } : changes);
    await expect(read()).rejects.toMatchObject({
      code: 'CONFIG_NOT_FOUND',
      message: 'The summary.json in run1 is not that of a run.',
    });
  });

  it('reads what is whole', async () => {
    expect(await read()).toEqual({ summary, layers: layers(), episodes: [episodes(1)[0]] });
  });

  it.each([[{}], [null], [[null]], [[{}]]])('has no layers where layers.json is %j', async (value) => {
    await write('layers.json', value);
    expect((await read()).layers).toEqual([]);
  });
});
