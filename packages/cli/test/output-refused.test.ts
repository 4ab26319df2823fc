import { execFileSync } from 'node:child_process';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTinyProject, type TinyProject } from './tiny-project.js';
import { tersor } from './tersor.js';

let project: TinyProject;
let place: string;
beforeAll(async () => {
  project = await createTinyProject();
  place = await mkdtemp(join(tmpdir(), 'tersor-refused-'));
  await writeFile(
    join(project.folder, 'train.yaml'),
    'architecture: model/model.json\ndataset: { use: cifar10, dir: data, validation: 40 }\noutput: trained\ntrain: { epochs: 1, learningRate: 0.01 }\n',
  );
  await writeFile(
    join(project.folder, 'study.yaml'),
    'name: s\nconfig: compress.yaml\ngrid: { "prune.budget.macs": [0.5] }\nseeds: [1]\noutput: studies\n',
  );
  await writeFile(join(place, 'file'), 'text');
  if (process.platform !== 'win32') execFileSync('mkfifo', [join(place, 'fifo')]);
});
afterAll(() =>
  Promise.all([project.folder, place].map((folder) => rm(folder, { recursive: true, force: true }))),
);

const commands: [string, (out: string) => string[]][] = [
  ['compress', (out) => ['compress', project.config, '--quiet', '--out', out]],
  ['train', (out) => ['train', join(project.folder, 'train.yaml'), '--out', out]],
  ['study', (out) => ['study', join(project.folder, 'study.yaml'), '--quiet', '--out', out]],
  ['export', (out) => ['export', project.model, '--out', out]],
  [
    'init',
    (out) =>
      ['init', '--yes', '--model', project.model, '--dataset', 'cifar10', '--out', out].concat(
        '--option',
        `dir=${project.data}`,
      ),
  ],
  ['report', (out) => ['report', place, project.folder, '--out', out]],
  ['profile', (out) => ['profile', project.model, '--out', out]],
  ['new', (out) => ['new', 'reward', 'mine', '--folder', out]],
];

const places: [string, () => string][] = [
  ['below a file', () => join(place, 'file/deep')],
  ['a name that is too long', () => join(place, 'x'.repeat(300))],
  ...(process.platform === 'linux'
    ? ([
        ['/proc', () => '/proc/x'],
        ['below /proc', () => '/proc/x/y'],
        ['/sys', () => '/sys/x'],
        ['a fifo', () => join(place, 'fifo')],
        ['a device', () => '/dev/null'],
      ] as [string, () => string][])
    : []),
];

describe.each(commands)('tersor %s refuses at once to write into', (_command, args) => {
  it.each(places)('%s', async (_where, out) => {
    const { code, err } = await tersor(...args(out()));
    expect(err).toMatch(/\[OUTPUT_FAILED\]\n {2}Choose another with --(out|folder)\./);
    expect(err).not.toContain("Tersor's own");
    expect(code).toBe(1);
    expect((await readdir(place)).sort()).toEqual(process.platform === 'win32' ? ['file'] : ['fifo', 'file']);
  });
});
