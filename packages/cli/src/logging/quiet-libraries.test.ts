import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PROGRAM } from '../../test/program.js';
import { createTinyProject, type TinyProject } from '../../test/tiny-project.js';
import { quietLibraries, withoutNativeLogs } from './quiet-libraries.js';

/** tfjs warns of an orthogonal kernel with more than 2,000 values; this one has 4,096. */
const architecture = (
  initializer: string,
) => `export default ({ sequential, layers }) => sequential({ name: 'o', layers: [
  layers.conv2d({ name: 'c', filters: 1, kernelSize: 3, strides: 4, padding: 'same', inputShape: [32, 32, 3] }),
  layers.flatten({ name: 'f' }),
  layers.dense({ name: 'd', units: 64, kernelInitializer: '${initializer}' }),
  layers.dense({ name: 'l', units: 10, activation: 'softmax' }),
] });`;

let project: TinyProject;
beforeAll(async () => {
  project = await createTinyProject();
  for (const name of ['heNormal', 'orthogonal'])
    await writeFile(join(project.folder, `${name}.mjs`), architecture(name));
  await writeFile(
    join(project.folder, 'train.yaml'),
    'architecture: heNormal.mjs\ndataset: { use: cifar10, dir: data, validation: 40 }\nbackend: cpu\noutput: trained\ntrain: { epochs: 1, learningRate: 0.01, batchSize: 16 }\n',
  );
});
afterAll(() => rm(project.folder, { recursive: true, force: true }));

/** What the program writes to stderr, in a process of its own. */
async function errorsOf(...args: string[]): Promise<string> {
  const ended = await promisify(execFile)(process.execPath, [...PROGRAM, ...args], {
    cwd: join(__dirname, '../../../..'),
  }).catch((error: { stderr: string }) => error);
  return ended.stderr;
}

const evaluate = (backend: string) => [
  'eval',
  project.model,
  '--dataset',
  'cifar10',
  '--option',
  `dir=${project.data}`,
  '--backend',
  backend,
];

test('a training shows its epochs, and what TensorFlow.js tells developers only with --verbose', async () => {
  const args = ['train', join(project.folder, 'train.yaml'), '--out', join(project.folder, 'trained')];
  expect(await errorsOf(...args)).toMatch(/^epoch 1\/1: .*\n$/);
  const all = await errorsOf(...args, '--verbose');
  expect(all).toContain('Hi, looks like you are running TensorFlow.js in Node.js');
  const orthogonal = [...args, '--set', 'architecture=orthogonal.mjs'];
  expect(await errorsOf(...orthogonal)).not.toContain('Orthogonal');
  expect(await errorsOf(...orthogonal, '--verbose')).toContain('Orthogonal initializer');
});

test('a quiet command writes nothing to stderr', async () => {
  expect(await errorsOf(...evaluate('cpu'))).toBe('');
  expect(await errorsOf(...evaluate('wasm'))).toBe('');
  expect(await errorsOf('inspect', project.model)).toBe('');
});

const withNode = (process.env['TERSOR_REQUIRE_BACKENDS'] ?? '').includes('node') ? test : test.skip;
withNode('nor does one on node, whose native library logs only with --verbose', async () => {
  expect(await errorsOf(...evaluate('node'))).toBe('');
  expect(await errorsOf('--verbose', ...evaluate('node'))).toContain('oneDNN');
});

test('what others write to the console is shown', () => {
  const written: unknown[] = [];
  const spy = jest.spyOn(console, 'warn').mockImplementation((...args) => void written.push(args));
  const restore = quietLibraries();
  console.warn('from a plugin', 1);
  // The stack names the file that a function was compiled as.
  const library = new Function(
    'console',
    'console.warn("from the library");\n//# sourceURL=/app/node_modules/@tensorflow/tfjs-core/dist/log.js',
  );
  library(console);
  restore();
  library(console);
  expect(written).toEqual([['from a plugin', 1], ['from the library']]);
  spy.mockRestore();
});

test('lines of the native library below errors are left out, wherever the text is cut', () => {
  const shown = [
    'measuring the original\n',
    '  1/10 reward 0.5\n',
    'E0000 00:00:1795729851.976811   23748 a.cc:1] it failed\n',
    'Warning: I0000 is a name\n',
    'the end',
  ];
  const hidden = [
    'WARNING: All log messages before absl::InitializeLog() is called are written to STDERR\n',
    'I0000 00:00:1795729851.976811   23748 port.cc:153] oneDNN custom operations are on.\n',
    'W0000 00:00:1795729851.976811   23748 gpu.cc:9] no GPU\n',
    '2026-11-26 22:00:00.123456: I tensorflow/core/platform/cpu_feature_guard.cc:193] This TensorFlow binary is optimized with oneAPI\n',
    'To enable the following instructions: AVX2 FMA, in other operations, rebuild TensorFlow with the appropriate compiler flags.\n',
  ];
  const text = [
    shown[0],
    hidden[0],
    hidden[1],
    shown[1],
    hidden[2],
    shown[2],
    hidden[3],
    hidden[4],
    shown[3],
    shown[4],
  ].join('');
  for (const size of [1, 7, 64, text.length]) {
    let passed = '';
    const filter = withoutNativeLogs((line) => (passed += line));
    for (let at = 0; at < text.length; at += size) filter.text(text.slice(at, at + size));
    filter.end();
    expect(passed).toBe(shown.join(''));
  }
});
