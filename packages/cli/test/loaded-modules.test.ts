import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { PROGRAM } from './program.js';

const ROOT = join(__dirname, '../../..');
const MODEL = join(ROOT, 'examples/vgg-small/model/model.json');

/** Native code, kernels and chart code: seconds, or hundreds of megabytes, for nothing. */
const HEAVY = [/^@tensorflow\/tfjs-(backend-.*|node.*)$/, /^echarts$/, /^zrender$/, /^webgpu$/, /^sharp$/];

let folder: string;
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'tersor-loaded-'))));
afterAll(() => rm(folder, { recursive: true }));

/** Runs the program; gives the packages and the files of this repository that it had loaded at its end. */
async function loadedBy(...args: string[]): Promise<{ packages: string[]; files: string[]; out: string }> {
  const [recorder, list] = [join(folder, 'recorder.cjs'), join(folder, 'list.json')];
  await writeFile(
    recorder,
    `process.on('exit', () => require('node:fs').writeFileSync(${JSON.stringify(list)},
      JSON.stringify(Object.keys(require.cache))));`,
  );
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--require', recorder, ...PROGRAM, ...args],
    { cwd: ROOT },
  );
  const paths = (JSON.parse(await readFile(list, 'utf8')) as string[]).map((path) =>
    relative(ROOT, path).replaceAll('\\', '/'),
  );
  const packageOf = (path: string) => /^.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1];
  return {
    packages: [...new Set(paths.flatMap((path) => packageOf(path) ?? []))].sort(),
    files: paths.filter((path) => packageOf(path) === undefined),
    out: stdout,
  };
}

const heavyOf = (packages: readonly string[]) =>
  packages.filter((name) => HEAVY.some((heavy) => heavy.test(name)));

describe('what the program loads', () => {
  test('to print its help: commander, and nothing that computes, draws, validates or wires', async () => {
    const { packages, files, out } = await loadedBy('--help');
    expect(out).toContain('inspect');
    expect(packages).toContain('commander');
    for (const name of ['@tensorflow/tfjs-core', '@tensorflow/tfjs-layers', 'zod', 'inversify', 'pino'])
      expect(packages).not.toContain(name);
    expect(heavyOf(packages)).toEqual([]);
    expect(files.filter((file) => /^(packages\/(?!cli\/)|plugins\/)/.test(file))).toEqual([]);
  });

  test('to inspect a model: no backend, no plugin, no study', async () => {
    const { packages, files, out } = await loadedBy('inspect', MODEL);
    expect(out).toContain('multiply-adds');
    expect(packages).toContain('@tensorflow/tfjs-layers');
    expect(heavyOf(packages)).toEqual([]);
    expect(
      files.filter((file) => /^(plugins|packages\/(study|compression|rl|testing))\//.test(file)),
    ).toEqual([]);
  });

  test('to list the plugins: every plugin, and no library that a backend computes with', async () => {
    const { packages, files, out } = await loadedBy('plugins');
    for (const id of ['wasm', 'webgpu', 'ddpg', 'layers-model', 'child-process']) expect(out).toContain(id);
    expect(files).toContain('plugins/backend-wasm/src/index.ts');
    expect(heavyOf(packages)).toEqual([]);
  });
});
