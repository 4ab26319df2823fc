import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { createHost, type Slot } from './host.js';
import { definePlugin, type Plugin } from './plugins/plugin.js';
import { installedPlugins } from './plugins/plugin-loader.js';
import { TOKENS } from './tokens.js';

const rewardPlugin = (id: string, extra: Partial<Plugin<'reward', { power: number }>> = {}) =>
  definePlugin<'reward', { power: number }>({
    name: `tersor-reward-${id}`,
    kind: 'reward',
    id,
    core: '>=0.1.0 <1.0.0',
    description: 'accuracy to a power',
    options: z.strictObject({ power: z.number().default(2) }),
    create: ({ power }) => ({ id, evaluate: ({ accuracy }) => accuracy ** power }),
    ...extra,
  }) as Plugin;

const slot = (use: string, options = {}): Slot => ({
  kind: 'reward',
  name: 'prune',
  path: 'prune.reward',
  use,
  options,
});
const measures = {
  accuracy: 0.5,
  macs: 1,
  parameters: 1,
  bytes: 1,
  baseline: { accuracy: 1, macs: 1, parameters: 1, bytes: 1 },
};

describe('createHost', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tersor-host-'));
    await writeFile(
      join(folder, 'package.json'),
      JSON.stringify({
        dependencies: Object.fromEntries(
          [
            'tersor-reward-cube',
            'tersor-reward-broken',
            'tersor-reward-unbuilt',
            'tersor-reward-elsewhere',
            '@me/tersor-reward-scoped',
          ].map((name) => [name, '1']),
        ),
      }),
    );
    const files: Record<string, string> = {
      'node_modules/tersor-reward-cube/package.json': JSON.stringify({
        name: 'tersor-reward-cube',
        version: '1.0.0',
        main: 'index.js',
      }),
      'node_modules/tersor-reward-cube/index.js': pluginSource('cube', '>=0.1.0 <1.0.0'),
      'node_modules/tersor-reward-broken/package.json': JSON.stringify({
        name: 'tersor-reward-broken',
        version: '1.0.0',
        main: 'index.js',
      }),
      'node_modules/tersor-reward-broken/index.js': 'throw new Error("boom");',
      'node_modules/tersor-reward-unbuilt/package.json': JSON.stringify({
        name: 'tersor-reward-unbuilt',
        version: '1.0.0',
        main: 'dist/index.js',
      }),
      'node_modules/tersor-reward-elsewhere/package.json': JSON.stringify({
        name: 'tersor-reward-elsewhere',
        version: '1.0.0',
        main: 'index.js',
      }),
      'node_modules/tersor-reward-elsewhere/index.js': pluginSource('elsewhere', '>=0.0.1 <1.0.0'),
      'node_modules/tersor-reward-elsewhere/node_modules/@tersor/core/package.json': JSON.stringify({
        name: '@tersor/core',
        version: '0.0.9',
      }),
      'node_modules/@me/tersor-reward-scoped/package.json': JSON.stringify({
        name: '@me/tersor-reward-scoped',
        version: '1.0.0',
        exports: './index.js',
      }),
      'node_modules/@me/tersor-reward-scoped/index.js': pluginSource('scoped', '>=0.1.0 <1.0.0'),
      'old.js': pluginSource('old', '>=7.0.0'),
      'not-a-plugin.js': 'module.exports = { hello: 1 };',
    };
    for (const [name, text] of Object.entries(files)) {
      await mkdir(join(folder, name, '..'), { recursive: true });
      await writeFile(join(folder, name), text);
    }
  });
  afterAll(() => rm(folder, { recursive: true }));

  const make = (slots: Slot[], builtins: Plugin[] = []) =>
    createHost({ slots, builtins, directory: folder, seed: 1 });

  it('makes what a slot names, with validated options and defaults', async () => {
    const host = await make([slot('square')], [rewardPlugin('square')]);
    const reward = await host.get(TOKENS.reward, 'prune');
    expect(reward.evaluate(measures)).toBe(0.25);
    expect(await host.get(TOKENS.reward, 'prune')).toBe(reward);
    expect(host.wired).toEqual([
      { kind: 'reward', slot: 'prune', id: 'square', source: 'tersor-reward-square' },
    ]);
  });

  it('tells the version of a package, and the code of a plugin that can change without one', async () => {
    const [packaged] = (await make([slot('cube')])).wired;
    expect(packaged).toEqual({
      kind: 'reward',
      slot: 'prune',
      id: 'cube',
      source: 'tersor-reward-cube',
      version: '1.0.0',
    });
    const path = join(folder, 'local/reward.js');
    const content = async (power: number) => {
      await mkdir(join(folder, 'local'), { recursive: true });
      await writeFile(path, `require('./power.js');\n${pluginSource('local', '>=0.1.0 <1.0.0')}`);
      await writeFile(join(folder, 'local/power.js'), `module.exports = ${power};`);
      return (await make([slot('./local/reward.js')])).wired[0]!.content;
    };
    const before = await content(2);
    expect(before).toMatch(/^[0-9a-f]{64}$/);
    expect(await content(2)).toBe(before);
    expect(await content(3)).not.toBe(before);
  });

  it('finds a third-party package from the user project by its naming rule', async () => {
    const host = await make([slot('cube')]);
    expect((await host.get(TOKENS.reward, 'prune')).evaluate(measures)).toBe(0.125);
  });

  it('lists what is available for an unknown name', async () => {
    await expect(make([slot('nope')], [rewardPlugin('square')])).rejects.toMatchObject({
      code: 'PLUGIN_NOT_FOUND',
      message: 'There is no reward "nope". Available: cube, scoped, square.',
    });
  });

  it('names the option that is wrong and the known ones', async () => {
    await expect(make([slot('square', { powr: 3 })], [rewardPlugin('square')])).rejects.toMatchObject({
      code: 'PLUGIN_OPTIONS_INVALID',
      message: expect.stringContaining('"powr" at the top level; did you mean "power"?'),
    });
  });

  it('refuses a plugin for another core', async () => {
    await expect(make([slot('./old.js')])).rejects.toMatchObject({
      code: 'PLUGIN_CORE_MISMATCH',
      message: expect.stringContaining('>=7.0.0'),
    });
  });

  it('refuses a module that is no plugin', async () => {
    await expect(make([slot('./not-a-plugin.js')])).rejects.toMatchObject({
      code: 'PLUGIN_INVALID',
      message: expect.stringContaining('./not-a-plugin.js'),
    });
  });

  it('reports a plugin that throws at import', async () => {
    await expect(make([slot('tersor-reward-broken')])).rejects.toMatchObject({
      code: 'PLUGIN_FAILED',
      message: expect.stringContaining('boom'),
    });
  });

  it('reports a plugin that throws when it is created', async () => {
    const bad = rewardPlugin('bad', {
      create: () => {
        throw new Error('no luck');
      },
    });
    const host = await make([slot('bad')], [bad]);
    await expect(host.get(TOKENS.reward, 'prune')).rejects.toMatchObject({
      code: 'PLUGIN_FAILED',
      message: expect.stringContaining('no luck'),
    });
  });

  it.each([
    ['nothing', undefined],
    ['a reward without evaluate', { id: 'odd' }],
  ])('refuses a plugin that makes %s', async (_, product) => {
    const host = await make([slot('odd')], [rewardPlugin('odd', { create: () => product as never })]);
    await expect(host.get(TOKENS.reward, 'prune')).rejects.toMatchObject({
      code: 'PLUGIN_INVALID',
      message: expect.stringContaining('reward "odd"'),
    });
  });

  it('reports a plugin that throws something that is no error', async () => {
    const host = await make(
      [slot('odd')],
      [
        rewardPlugin('odd', {
          create: () => {
            throw undefined;
          },
        }),
      ],
    );
    await expect(host.get(TOKENS.reward, 'prune')).rejects.toMatchObject({ code: 'PLUGIN_FAILED' });
  });

  it('explains two versions of core in one tree', async () => {
    await expect(make([slot('tersor-reward-elsewhere')])).rejects.toMatchObject({
      code: 'PLUGIN_CORE_MISMATCH',
      message: expect.stringMatching(/two versions of @tersor\/core.*0\.0\.9/),
    });
  });

  it('finds a package of a scope by its id, and a folder by its path', async () => {
    expect((await make([slot('scoped')])).wired).toMatchObject([{ source: '@me/tersor-reward-scoped' }]);
    expect((await make([slot('./node_modules/tersor-reward-cube')])).wired).toMatchObject([{ id: 'cube' }]);
  });

  it('lists the sound plugins beside each broken one', async () => {
    const listed = await installedPlugins('reward', [folder]);
    const outcome = listed.map((entry) => [
      entry.source,
      'plugin' in entry ? entry.plugin.id : entry.error.code,
    ]);
    expect(outcome).toEqual([
      ['tersor-reward-cube', 'cube'],
      ['tersor-reward-broken', 'PLUGIN_FAILED'],
      ['tersor-reward-unbuilt', 'PLUGIN_INVALID'],
      ['tersor-reward-elsewhere', 'PLUGIN_CORE_MISMATCH'],
      ['@me/tersor-reward-scoped', 'scoped'],
    ]);
  });

  it('refuses two plugins of one kind and id', async () => {
    await expect(make([], [rewardPlugin('square'), rewardPlugin('square')])).rejects.toMatchObject({
      code: 'PLUGIN_DUPLICATE',
    });
  });

  it('disposes what it made, newest first, and only that', async () => {
    const disposed: string[] = [];
    const disposable = (id: string) =>
      rewardPlugin(id, {
        create: () => Object.assign({ id, evaluate: () => 0 }, { dispose: () => void disposed.push(id) }),
      });
    const slots = ['a', 'b', 'c'].map((id) => ({ ...slot(id), name: id }));
    const host = await make(slots, [disposable('a'), disposable('b'), disposable('c')]);
    await host.get(TOKENS.reward, 'a');
    await host.get(TOKENS.reward, 'b');
    await host.dispose();
    expect(disposed).toEqual(['b', 'a']);
  });

  it('disposes all others when one fails, and then says which failed', async () => {
    const disposed: string[] = [];
    const plugin = (id: string, dispose: () => void) =>
      rewardPlugin(id, { create: () => Object.assign({ id, evaluate: () => 0 }, { dispose }) });
    const fails = () => {
      throw new Error('no luck');
    };
    const host = await make(
      [slot('a'), { ...slot('b'), name: 'b' }].map((each, i) => ({ ...each, name: String(i) })),
      [plugin('a', () => void disposed.push('a')), plugin('b', fails)],
    );
    await host.get(TOKENS.reward, '0');
    await host.get(TOKENS.reward, '1');
    await expect(host.dispose()).rejects.toMatchObject({
      code: 'PLUGIN_FAILED',
      message: expect.stringContaining('(reward "b") threw in dispose: no luck'),
    });
    expect(disposed).toEqual(['a']);
  });
});

/** A plugin without imports: a folder outside of the repository has no zod to load. */
function pluginSource(id: string, core: string): string {
  return `module.exports = { tersorPlugin: 1, name: 'tersor-reward-${id}', kind: 'reward', id: '${id}', core: '${core}', description: '',
    options: { safeParse: (data) => ({ success: true, data }) }, create: () => ({ id: '${id}', evaluate: ({ accuracy }) => accuracy ** 3 }) };`;
}
