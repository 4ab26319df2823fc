import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tersor } from './tersor.js';
import { createTinyProject, type TinyProject } from './tiny-project.js';

let project: TinyProject;
const at = (path: string) => join(project.folder, path);
beforeAll(async () => {
  project = await createTinyProject();
  for (const copy of ['teacher', 'trials/model']) await cp(at('model'), at(copy), { recursive: true });
  await cp(project.config, at('policy.json'));
  const train = 'dataset: { use: cifar10, dir: data, validation: 40 }\noutput: unused\n';
  await writeFile(
    at('train.yaml'),
    `architecture: model/model.json\n${train}train: { epochs: 1, learningRate: 0.01 }\n`,
  );
  await writeFile(
    at('taught.yaml'),
    `architecture: model/model.json\nteacher: teacher/model.json\n${train}train: { epochs: 1, learningRate: 0.01, distill: 0.5 }\n`,
  );
  const grid = 'grid: { prune.agent.use: [random, ddpg] }\nseeds: [1]\noutput: unused\n';
  for (const name of ['study.yaml', 'results.json'])
    await writeFile(at(name), `name: s\nconfig: compress.yaml\n${grid}`);
});
afterAll(() => rm(project.folder, { recursive: true, force: true }));

describe('no command writes over what it reads', () => {
  const here = () => ['--out', project.folder];
  it.each<[string, () => string[], RegExp]>([
    [
      'compress: the model',
      () => ['compress', project.config, ...here()],
      /model would be replaced, but "model" of the config lies in it/,
    ],
    [
      'compress: the config',
      () => ['compress', at('policy.json'), ...here(), '--set', 'model=teacher/model.json'],
      /policy\.json would be replaced, but it is the config/,
    ],
    [
      'compress: the log, which would grow into the model',
      () => ['compress', project.config, '--out', at('out'), '--log', project.model],
      /model\.json would be replaced, but it is "model" of the config.*\n.*Choose another file with --log/,
    ],
    [
      'train: the architecture',
      () => ['train', at('train.yaml'), '--out', at('model')],
      /model\.json would be replaced, but it is "architecture"/,
    ],
    [
      'train: the teacher',
      () => ['train', at('taught.yaml'), '--out', at('teacher')],
      /model\.json would be replaced, but it is "teacher"/,
    ],
    [
      'export: the model',
      () => ['export', project.model, '--out', at('model')],
      /model\.json would be replaced, but it is the model/,
    ],
    [
      'export: the model, given as its folder',
      () => ['export', at('model'), '--out', at('model')],
      /model\.json would be replaced, but it is the model/,
    ],
    [
      'profile: the model',
      () => ['profile', project.model, '--out', project.model, '--fresh'],
      /model\.json would be replaced, but it is the model.*\n.*Choose another file/,
    ],
    [
      'profile: what is no table',
      () => ['profile', project.model, '--out', at('data/test_batch.bin'), '--fresh'],
      /test_batch\.bin would be replaced, but it is a file that Tersor did not write/,
    ],
    [
      'study: the study',
      () => ['study', at('results.json'), ...here()],
      /results\.json would be replaced, but it is the study/,
    ],
    [
      'study: a model that its settings name',
      () => ['study', at('study.yaml'), ...here(), '--set', 'set={model: trials/model/model.json}'],
      /trials would be replaced, but "model" of the config lies in it/,
    ],
    [
      'new: a folder that holds something',
      () => ['new', 'reward', 'mine', '--folder', at('model')],
      /not empty/,
    ],
  ])('%s', async (_, command, message) => {
    const weights = ['model', 'teacher', 'trials/model'].map((name) => readFile(at(`${name}/weights.bin`)));
    const { code, err } = await tersor(...command());
    expect(err).toMatch(message);
    expect(code).toBe(1);
    for (const [i, name] of ['model', 'teacher', 'trials/model'].entries()) {
      expect((await readFile(at(`${name}/weights.bin`))).equals(await weights[i]!)).toBe(true);
    }
  });
});
