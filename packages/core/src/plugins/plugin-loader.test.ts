import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { loadModulePlugins, loadPlugin } from './plugin-loader.js';
import { importFailure } from './plugin-name.js';
import type { PluginKind } from '../tokens.js';

/**
 * Source of a module with plugins that need nothing: a folder outside of the repository has no zod to load.
 */
const moduleOf = (...plugins: [kind: string, id: string][]) =>
  `module.exports = [${plugins
    .map(
      ([kind, id]) =>
        `{ tersorPlugin: 1, name: 'x', kind: '${kind}', id: '${id}', core: '>=0.1.0 <1.0.0', description: '',
           options: { '~standard': { version: 1, vendor: 'none', validate: (value) => ({ value }) } }, create: () => ({}) }`,
    )
    .join()}];`;

const PACKAGES: Record<string, string> = {
  'tersor-quantizer-two': moduleOf(['quantizer', 'two'], ['quantizer', 'apot']),
  'tersor-quantizer-other': moduleOf(['quantizer', 'other'], ['quantizer', 'shared']),
  'tersor-quantizer-third': moduleOf(['quantizer', 'third'], ['quantizer', 'shared']),
  '@me/tersor-agent-sac': moduleOf(['agent', 'sac']),
  '@you/tersor-agent-sac': moduleOf(['agent', 'sac']),
  bundle: moduleOf(['agent', 'one'], ['agent', 'two'], ['reward', 'only']),
  // Their names say nothing of a kind; their package.json does.
  'set-of-things': moduleOf(['dataset', 'photos'], ['reward', 'photos']),
  starter: moduleOf(['reward', 'first']),
  // Somebody's package that has nothing to do with us, and is called as a plugin is.
  apot: 'module.exports = { hello: 1 };',
};

/** What some of them state beside their names. */
const MANIFESTS: Record<string, object> = {
  'set-of-things': { tersor: { plugins: ['dataset/photos', 'reward/photos'] } },
  starter: { peerDependencies: { '@tersor/core': '1' }, dependencies: { brought: '1' } },
  brought: { tersor: { plugins: [7, 'agent/brought'] } },
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tersor-loader-'));
  const write = async (path: string, text: string) => {
    await mkdir(join(folder, path, '..'), { recursive: true });
    await writeFile(join(folder, path), text);
  };
  await write(
    'package.json',
    JSON.stringify({ dependencies: Object.fromEntries(Object.keys(PACKAGES).map((name) => [name, '1'])) }),
  );
  for (const [name, text] of Object.entries(PACKAGES)) {
    await write(
      `node_modules/${name}/package.json`,
      JSON.stringify({ name, version: '1.0.0', main: 'index.js', ...MANIFESTS[name] }),
    );
    await write(`node_modules/${name}/index.js`, text);
  }
  await write(
    'node_modules/brought/package.json',
    JSON.stringify({ name: 'brought', ...MANIFESTS['brought'] }),
  );
  await write('node_modules/brought/index.js', moduleOf(['agent', 'brought']));
  await write('my #1/agent.js', moduleOf(['agent', 'mine']));
  await write('unbuilt.ts', 'export default 1;');
});
afterAll(() => rm(folder, { recursive: true }));

const found = async (kind: PluginKind, name: string) => {
  const { plugin, source } = await loadPlugin(kind, name, [folder]);
  return `${source}#${plugin.id}`;
};

describe('a plugin is found', () => {
  it.each([
    ['quantizer', 'two', 'tersor-quantizer-two#two'],
    ['quantizer', 'apot', 'tersor-quantizer-two#apot'],
    ['quantizer', 'tersor-quantizer-two#apot', 'tersor-quantizer-two#apot'],
    ['reward', 'bundle', 'bundle#only'],
    ['agent', 'bundle#two', 'bundle#two'],
    ['agent', './my #1/agent.js', './my #1/agent.js#mine'],
    ['agent', './my #1/agent.js#mine', './my #1/agent.js#mine'],
    ['agent', '@me/tersor-agent-sac', '@me/tersor-agent-sac#sac'],
    // By what a package states, its own or that of a package which a starter kit for Tersor brings along.
    ['dataset', 'photos', 'set-of-things#photos'],
    ['agent', 'brought', 'brought#brought'],
  ] as const)('%s "%s" is %s', async (kind, name, expected) =>
    expect(await found(kind, name)).toBe(expected),
  );

  it('by the file: address of its path', async () => {
    const address = pathToFileURL(join(folder, 'node_modules/bundle/index.js')).href;
    expect((await loadPlugin('reward', address, [folder])).plugin.id).toBe('only');
  });
});

describe('a name that could be several plugins is refused, and lists them', () => {
  it.each([
    ['agent', 'bundle', 'bundle has several plugins of the kind agent: bundle#one, bundle#two.'],
    ['quantizer', 'tersor-quantizer-two', 'tersor-quantizer-two#two, tersor-quantizer-two#apot'],
    [
      'quantizer',
      'shared',
      'in several packages: tersor-quantizer-other#shared, tersor-quantizer-third#shared',
    ],
    ['agent', 'sac', '@me/tersor-agent-sac#sac, @you/tersor-agent-sac#sac'],
  ] as const)('%s "%s"', async (kind, name, message) => {
    await expect(found(kind, name)).rejects.toMatchObject({
      code: 'PLUGIN_AMBIGUOUS',
      message: expect.stringContaining(message),
      hint: expect.stringContaining('#'),
    });
  });
});

describe('what cannot be a plugin says what to do', () => {
  it.each(['https://example.org/agent.js', 'git+https://example.org/agent.git', 'npm:agent'])(
    'the address %s',
    async (address) => {
      for (const load of [() => found('agent', address), () => loadModulePlugins(address, [folder])]) {
        await expect(load()).rejects.toMatchObject({
          code: 'PLUGIN_NOT_FOUND',
          message: expect.stringContaining('is an address'),
          hint: expect.stringContaining('give its path'),
        });
      }
    },
  );

  it('a package without that id', async () => {
    await expect(found('agent', 'bundle#three')).rejects.toMatchObject({
      code: 'PLUGIN_NOT_FOUND',
      message: expect.stringContaining('bundle has no agent "three"; it has agent "one"'),
    });
  });

  it('a .js file whose .ts was not compiled', async () => {
    await expect(found('agent', './unbuilt.js')).rejects.toMatchObject({
      code: 'PLUGIN_NOT_FOUND',
      hint: expect.stringContaining('./unbuilt.ts: compile it'),
    });
  });

  it('TypeScript on a Node that does not run it', () => {
    const cause = Object.assign(new TypeError('Unknown file extension ".ts" for /x/agent.ts'), {
      code: 'ERR_UNKNOWN_FILE_EXTENSION',
    });
    expect(importFailure('./agent.ts', '/x/agent.ts', cause)).toMatchObject({
      code: 'PLUGIN_FAILED',
      message: expect.stringContaining('./agent.ts is TypeScript'),
      hint: expect.stringContaining('npx tsc'),
      cause,
    });
    expect(importFailure('./agent.js', '/x/agent.js', new TypeError('boom')).message).toContain(
      'threw while it was imported: boom',
    );
  });
});
