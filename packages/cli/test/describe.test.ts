import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { loadModel } from '@tersor/runtime';
import { compressWithStops } from './stopped-compression.js';
import { createTinyProject, type TinyProject } from './tiny-project.js';

const quick = [
  'prune.agent=uniform',
  'prune.search.episodes=1',
  'prune.finetune.epochs=0',
  'quantize.agent=uniform',
  'quantize.search.episodes=1',
  'quantize.finetune.epochs=0',
];

describe('files that say what input and output mean', () => {
  let project: TinyProject;
  beforeAll(async () => {
    project = await createTinyProject();
    await compressWithStops(project, 'plain', quick);
    await compressWithStops(project, 'said', [...quick, 'describe=true']);
  });
  afterAll(() => rm(project.folder, { recursive: true, force: true }));
  const file = (run: string, name: string) => readFile(join(project.folder, run, name));

  it('hold class names and preprocessing where the config asks for it', async () => {
    const model = await loadModel(await file('said', 'model.tersor'));
    expect(model.classNames).toHaveLength(10);
    expect(model.classNames![3]).toBe('cat');
    expect(model.preprocessing).toEqual({
      size: [32, 32],
      mean: [0.4914, 0.4822, 0.4465],
      std: [0.247, 0.2435, 0.2616],
      order: 'rgb',
    });
    model.dispose();
    const json = JSON.parse(String(await file('said', 'model/model.json'))) as {
      userDefinedMetadata: { tersor: { classNames: string[] } };
    };
    expect(json.userDefinedMetadata.tersor.classNames[3]).toBe('cat');
  });

  it('hold nothing of it otherwise, and all sizes count it', async () => {
    const model = await loadModel(await file('plain', 'model.tersor'));
    expect([model.classNames, model.preprocessing]).toEqual([undefined, undefined]);
    model.dispose();
    for (const run of ['plain', 'said']) {
      const { compressed } = JSON.parse(String(await file(run, 'summary.json'))) as {
        compressed: { bytes: number };
      };
      expect((await file(run, 'model.tersor')).length).toBe(compressed.bytes);
    }
  });
});
