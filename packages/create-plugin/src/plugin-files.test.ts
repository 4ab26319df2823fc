import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import { parse } from 'yaml';
import { compressConfigSchema, parseConfig, PLUGIN_KINDS } from '@tersor/core';
import { KIND_FACTS, type GeneratedKind } from './plugin-kinds.js';
import { pluginFiles } from './plugin-files.js';
import { packageName, problemOf } from './plugin-request.js';
import { writePlugin } from './write-plugin.js';

const kinds = Object.keys(KIND_FACTS) as GeneratedKind[];
/** Inside the repository, so that the generated sources find the packages that they import. */
const scratch = join(__dirname, '../out-tsc/generated');

describe('pluginFiles', () => {
  test('knows every kind of plugin', () => expect(kinds.sort()).toEqual([...PLUGIN_KINDS].sort()));

  test.each(
    kinds.flatMap((kind) => (['package', 'workspace'] as const).map((layout) => [kind, layout] as const)),
  )('leaves no word of a %s template unfilled (%s)', (kind, layout) => {
    for (const [path, text] of Object.entries(pluginFiles({ kind, id: 'my-own', layout }))) {
      expect([path, text.match(/__[A-Za-z]+__/)]).toEqual([path, null]);
      expect(text.endsWith('\n')).toBe(true);
    }
  });

  test.each(kinds)('gives a %s an example that the schema takes, and that names it', (kind) => {
    const files = pluginFiles({ kind, id: 'my-own', layout: 'package' });
    expect(() => parseConfig(parse(files['config.yaml']!), compressConfigSchema)).not.toThrow();
    const place = KIND_FACTS[kind].place.split('.');
    const [file, path] =
      place[0] === 'study' ? (['study.yaml', place.slice(1)] as const) : (['config.yaml', place] as const);
    const value = path.reduce<unknown>(
      (parent, key) => (parent as Record<string, unknown>)[key],
      parse(files[file]!),
    );
    expect(JSON.stringify(value)).toContain('"my-own"');
  });

  test('the example of a limit is checked with the options that it states', () => {
    const files = pluginFiles({ kind: 'limit', id: 'my-own', layout: 'package' });
    const { scripts } = JSON.parse(files['package.json']!) as { scripts: { check: string } };
    expect(scripts.check).toBe('tersor check . --option kilobytes=2000');
    expect(files['README.md']).toContain(`npx ${scripts.check}`);
  });

  test('the sources and tests of all kinds compile strictly', async () => {
    await rm(scratch, { recursive: true, force: true });
    for (const kind of kinds)
      await writePlugin({ kind, id: 'my-own', layout: 'package' }, join(scratch, kind));
    const { config } = ts.readConfigFile(join(scratch, 'reward/tsconfig.json'), ts.sys.readFile) as {
      config: { compilerOptions: object };
    };
    const { options } = ts.convertCompilerOptionsFromJson(
      { ...config.compilerOptions, noEmit: true, rootDir: undefined, customConditions: ['tersor/source'] },
      scratch,
    );
    const program = ts.createProgram(
      kinds.flatMap((kind) =>
        ['index.ts', 'contract.test.ts', 'pipeline.test.ts'].map((file) => join(scratch, kind, 'src', file)),
      ),
      options,
    );
    const generated = program.getSourceFiles().filter(({ fileName }) => fileName.startsWith(scratch));
    expect(generated).toHaveLength(3 * kinds.length);
    // Of these alone: to check all that they import takes three times as long, and the build does it.
    const problems = generated.flatMap((file) => ts.getPreEmitDiagnostics(program, file));
    expect(
      problems.map(
        ({ file, messageText }) =>
          `${file?.fileName.split('generated/')[1]}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`,
      ),
    ).toEqual([]);
  });
});

test.each([
  ['toaster', 'x', 'There is no kind "toaster"'],
  ['agent', 'My Agent', 'is no id'],
  ['agent', '../up', 'is no id'],
])('refuses the kind %s with the id %s', (kind, id, message) =>
  expect(problemOf({ kind, id })).toContain(message),
);

test('names packages by the rule that the host looks for', () => {
  expect(packageName({ kind: 'agent', id: 'sac', layout: 'package' })).toBe('tersor-agent-sac');
  expect(packageName({ kind: 'agent', id: 'sac', layout: 'workspace' })).toBe('@tersor/agent-sac');
  expect(packageName({ kind: 'agent', id: 'sac', layout: 'package', name: '@me/agent' })).toBe('@me/agent');
});

test('never writes into a folder that holds something', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'tersor-new-'));
  await writeFile(join(folder, 'precious.txt'), 'precious');
  await expect(writePlugin({ kind: 'reward', id: 'x', layout: 'package' }, folder)).rejects.toThrow(
    'not empty',
  );
  expect(await readFile(join(folder, 'precious.txt'), 'utf8')).toBe('precious');
  await rm(folder, { recursive: true });
});

test('a generated package brings all that its tests and "npx tersor check ." run', () => {
  for (const kind of kinds) {
    const { scripts, dependencies, devDependencies, peerDependencies } = JSON.parse(
      pluginFiles({ kind, id: 'mine', layout: 'package' })['package.json']!,
    );
    expect(scripts.test).toContain('dist/pipeline.test.js');
    expect(Object.keys({ ...dependencies, ...devDependencies })).toEqual(
      expect.arrayContaining([
        '@tersor/cli',
        '@tersor/testing',
        '@tersor/compression',
        '@tersor/network',
        '@tensorflow/tfjs-layers',
      ]),
    );
    expect(peerDependencies).toHaveProperty(['@tersor/core']);
  }
});

test.each(['--help', '-h'])('%s lists the kinds and the options', async (flag) => {
  const main = join(__dirname, 'main.ts');
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--conditions=tersor/source',
    '--require',
    join(__dirname, '../../../tools/read-sources.cjs'),
    main,
    flag,
  ]);
  for (const word of [...kinds, '--name', '--folder', 'usage:']) expect(stdout).toContain(word);
});
